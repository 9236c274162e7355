// How the emulators differ from AWS, and from each other: the tests ask here, and nowhere else, and assert what is so on the one
// that they run on. What AWS itself leaves open (the order of events, above all) is no difference: no test may ask for it.

export const EMULATORS = ['ministack', 'localstack'] as const;
export type EmulatorName = (typeof EMULATORS)[number];
/** Servers of one service each: `npm run test:judges`. */
export const JUDGES = ['versitygw', 'elasticmq', 'moto'] as const;
export type JudgeName = (typeof JUDGES)[number];

/** Under which an emulator is asked for by name, and the tests find which they are on. */
export const EMULATOR_VARIABLE = 'TEST_EMULATOR';

/** Each is so on AWS. */
export interface Capabilities {
  /** Callers of the API must sign and may do what IAM lets them; who has signed is named in the event. */
  checksCallers: boolean;
  /** What the gateway refuses by itself, an unknown route for one, it says in the words that the stack has given it. */
  usesGatewayResponses: boolean;
  /** What a function gives as base64 reaches the client as the bytes that it stands for (`binaryMediaTypes`). */
  decodesBase64: boolean;
  /** The path reaches a function as it was sent, percent-encoded: an id with a slash in it stays one step. */
  keepsPathsEncoded: boolean;
  /** An answer with Content-Encoding comes out of the gateway as the function has given it. */
  keepsPackedAnswers: boolean;
  /** Of several CompleteMultipartUpload with If-None-Match at once, one wins. */
  completesOnce: boolean;
  /** KMS opens no ciphertext that it has not made as it stands. */
  refusesForgedCiphertexts: boolean;
  /** S3 refuses a presigned URL that is called with `x-amz-` headers which it does not sign. */
  refusesUnsignedHeaders: boolean;
  /** A Scan for a part of each item (ProjectionExpression) goes over items with binary values. */
  projectsBinaries: boolean;
  /** A stack may have targets of Application Auto Scaling. */
  scales: boolean;
  /** A deployment changes a table that is there. */
  updatesTables: boolean;
}

const AS_ON_AWS: Capabilities = {
  checksCallers: true,
  usesGatewayResponses: true,
  decodesBase64: true,
  keepsPathsEncoded: true,
  keepsPackedAnswers: true,
  completesOnce: true,
  refusesForgedCiphertexts: true,
  refusesUnsignedHeaders: true,
  projectsBinaries: true,
  scales: true,
  updatesTables: true,
};

const CAPABILITIES: Record<EmulatorName | JudgeName, Capabilities> = {
  ministack: {
    ...AS_ON_AWS,
    // A ciphertext with flipped bits opens, to other bytes.
    refusesForgedCiphertexts: false,
    // It routes by the path as its server has decoded it.
    keepsPathsEncoded: false,
    // Looks at the signature, and at no header beside it.
    refusesUnsignedHeaders: false,
    // "Unsupported resource type": the deployment rolls back.
    scales: false,
  },
  localstack: {
    ...AS_ON_AWS,
    // The body is broken off on the way to whoever asks for gzip, as fetch does.
    keepsPackedAnswers: false,
    // Its free edition has no IAM: everybody is let in, and nobody is named.
    checksCallers: false,
    // Its gateway takes their status, but says `{"message": "Missing Authentication Token"}` in its own words.
    usesGatewayResponses: false,
    // It compares media types word for word, and no answer is of the type `*/*`.
    decodesBase64: false,
    // It looks whether the object is there before it joins the parts, and not again.
    completesOnce: false,
    // It reads the whole item as Python's values first, and takes the text of bytes for bytes: "Value must be of the following types".
    projectsBinaries: false,
    // Not in its free edition.
    scales: false,
    // Its provider of tables raises NotImplementedError.
    updatesTables: false,
  },
  versitygw: AS_ON_AWS,
  elasticmq: AS_ON_AWS,
  moto: AS_ON_AWS,
};

/** Of the emulator that the tests run on, or of another. */
export function capabilities(
  name = process.env[EMULATOR_VARIABLE] as EmulatorName | JudgeName,
): Capabilities {
  return CAPABILITIES[name];
}
