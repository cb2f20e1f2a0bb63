// Reads keys and tokens made by rapidjwt from standard input, and writes what jose decrypts and tokens
// of its own to standard output. Both are JSON; test_jose_interop.py has the shape.

import { readFileSync } from "node:fs";
import * as jose from "jose";

const bytes = (text) => new TextEncoder().encode(text);

async function key(jwk, alg, password) {
  return password ? bytes(password) : jose.importJWK(jwk, alg);
}

async function answer({ alg, enc, publicJwk, privateJwk, password, token, p2c }) {
  const importedAs = alg === "dir" ? enc : alg;
  const own = await key(privateJwk, importedAs, password);
  const theirs = await key(publicJwk, importedAs, password);
  const options = { maxPBES2Count: 100000, keyManagementAlgorithms: [alg] };
  const { plaintext, protectedHeader } = await jose.compactDecrypt(token, own, options);
  const encrypt = new jose.CompactEncrypt(bytes("from jose")).setProtectedHeader({ alg, enc });
  if (p2c) encrypt.setKeyManagementParameters({ p2c });
  return {
    plaintext: new TextDecoder().decode(plaintext),
    header: protectedHeader,
    token: await encrypt.encrypt(theirs),
  };
}

const answers = {};
for (const [name, given] of Object.entries(JSON.parse(readFileSync(0, "utf-8")))) {
  try {
    answers[name] = await answer(given);
  } catch (error) {
    answers[name] = { error: `${error}` };
  }
}
process.stdout.write(JSON.stringify(answers));
