// The product's version, as `GET /` and OpenAPI tell it. A test holds it to package.json.

export const VERSION = '0.1.0';
