// Fields of a form, each with what the service has against it right under it; and the question before something is removed.

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { type Faults, faultAt } from '../app/forms.ts';
import { Failure } from './common.tsx';
import { ConfirmName, Dialog } from './dialog.tsx';

interface Shared {
  label: string;
  hint?: ComponentChildren;
  faults: Faults;
  /** The member that it sets. */
  at: string;
  /** Over the whole width. */
  isWide?: boolean;
}

interface Marks {
  'aria-invalid'?: 'true';
  'aria-describedby'?: string;
}

/** A label, a control, and under it what is wrong, or else what it is for. */
function Field({
  label,
  hint,
  faults,
  at,
  isWide,
  children,
}: Shared & { children: (marks: Marks) => ComponentChildren }) {
  const id = useId();
  const fault = faultAt(faults, at);
  const said = fault ?? hint;
  return (
    <div class={isWide ? 'field span' : 'field'}>
      <label class="field">
        <span>{label}</span>
        {children({
          ...(fault === undefined ? {} : { 'aria-invalid': 'true' as const }),
          ...(said === undefined ? {} : { 'aria-describedby': id }),
        })}
      </label>
      {said !== undefined && (
        <span class={fault === undefined ? 'hint' : 'hint bad'} id={id}>
          {said}
        </span>
      )}
    </div>
  );
}

export function TextField({
  value,
  set,
  isMono,
  isLong,
  isRequired,
  placeholder,
  options,
  ...shared
}: Shared & {
  value: string;
  set: (text: string) => void;
  isMono?: boolean;
  /** Several lines. */
  isLong?: boolean;
  isRequired?: boolean;
  placeholder?: string;
  /** Proposed as one types. */
  options?: readonly string[];
}) {
  const list = useId();
  const common = {
    value,
    spellcheck: false,
    autocomplete: 'off',
    ...(isMono ? { class: 'mono' } : {}),
    ...(isRequired ? { required: true } : {}),
    ...(placeholder === undefined ? {} : { placeholder }),
  } as const;
  return (
    <Field {...shared}>
      {(marks) =>
        isLong ? (
          <textarea rows={3} {...common} {...marks} onInput={(event) => set(event.currentTarget.value)} />
        ) : (
          <>
            <input
              type="text"
              {...common}
              {...marks}
              {...(options === undefined ? {} : { list })}
              onInput={(event) => set(event.currentTarget.value)}
            />
            {options !== undefined && (
              <datalist id={list}>
                {options.map((one) => (
                  <option key={one} value={one} />
                ))}
              </datalist>
            )}
          </>
        )
      }
    </Field>
  );
}

export function NumberField({
  value,
  set,
  min = 0,
  max,
  ...shared
}: Shared & { value: number; set: (value: number) => void; min?: number; max: number }) {
  return (
    <Field {...shared}>
      {(marks) => (
        <input
          type="number"
          min={min}
          max={max}
          value={value}
          {...marks}
          onInput={(event) => set(Number(event.currentTarget.value))}
        />
      )}
    </Field>
  );
}

export function ChoiceField<T extends string>({
  value,
  set,
  choices,
  isFixed,
  ...shared
}: Shared & {
  value: T;
  set: (value: T) => void;
  choices: readonly (readonly [T, string])[];
  isFixed?: boolean;
}) {
  return (
    <Field {...shared}>
      {(marks) => (
        <select
          value={value}
          disabled={isFixed === true}
          {...marks}
          onChange={(event) => set(event.currentTarget.value as T)}
        >
          {choices.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  isOn,
  set,
}: {
  label: string;
  hint?: string;
  isOn: boolean;
  set: (isOn: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="check">
      <input type="checkbox" id={id} checked={isOn} onChange={(event) => set(event.currentTarget.checked)} />
      <label for={id}>
        {label}
        {hint !== undefined && (
          <>
            <br />
            <span class="hint">{hint}</span>
          </>
        )}
      </label>
    </div>
  );
}

/** Asks for the name, and removes. `remove` throws what the service says. */
export function RemoveDialog({
  what,
  name,
  remove,
  close,
  children,
}: {
  what: string;
  name: string;
  remove: () => Promise<void>;
  close: () => void;
  children: ComponentChildren;
}) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>(undefined);
  return (
    <Dialog
      title={`Remove ${what} ${name}`}
      close={close}
      isSmall
      footer={
        <>
          <ConfirmName name={name} typed={typed} onType={setTyped} />
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button
            type="button"
            class="btn danger"
            disabled={typed !== name}
            onClick={() => void remove().catch(setError)}
          >
            Remove
          </button>
        </>
      }
    >
      {error !== undefined && <Failure error={error} what={`${name} was not removed`} />}
      <p>{children}</p>
    </Dialog>
  );
}
