// What the console's page is told of an issuer of tokens, by whoever serves it.

/** Where people sign in who do not do so at the service (OAuth 2.0, RFC 6749, with PKCE, RFC 7636). */
export interface SignInElsewhere {
  issuer: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  clientId: string;
  /** What is asked for, with spaces between. */
  scopes: string;
  /** For whom the token is to be, where the issuer asks. */
  audience?: string;
  /** What stands before our scopes in a token. */
  scopePrefix: string;
}
