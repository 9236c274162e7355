"""Runs a module, or after "--" a command, that ends with whoever has started it, however that ends: standard input is a pipe from there."""
import os, runpy, signal, subprocess, sys, threading


def end_with_starter():
    while os.read(0, 4096):
        pass
    # With all that the module has started: they are of one process group, and nothing is to be kept.
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_starter, daemon=True).start()
del sys.argv[0]
if sys.argv[0] == "--":
    sys.exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL))
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
