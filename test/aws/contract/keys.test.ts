// The keyring passes its suite, on KMS.

import { afterAll } from '@jest/globals';
import { createKeyring } from '../../../lib/aws/keys/keyring.ts';
import { keyringSuite } from '../../contract/keyring.suite.ts';
import { refuseForgedCiphertexts } from '../authentic-kms.ts';
import { capabilities } from '../capabilities.ts';
import { createClients, destroyClients, makeKey } from '../resources.ts';

const clients = createClients();
const { kms } = clients;
if (!capabilities().refusesForgedCiphertexts) refuseForgedCiphertexts(kms);
afterAll(() => destroyClients(clients));

keyringSuite('AWS', async () => ({ keyring: createKeyring({ kms, keyArn: await makeKey(kms) }) }));
