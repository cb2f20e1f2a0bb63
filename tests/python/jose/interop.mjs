// Reads keys and tokens made by rapidjwt from standard input, and writes what jose makes of them and
// keys and tokens of its own to standard output. Both are JSON; test_jose_interop.py has the shape.

import { readFileSync } from "node:fs";
import * as jose from "jose";

async function readToken(token, key, alg) {
  const { payload, protectedHeader } = await jose.jwtVerify(token, key, { algorithms: [alg] });
  return { payload, header: protectedHeader };
}

async function sign(key, alg) {
  return new jose.SignJWT({ from: "jose" }).setProtectedHeader({ alg, kid: "k" }).sign(key);
}

// What jose makes of our key and our token.
async function readOurs({ alg, token, jwk, privateJwk, spki, pkcs8, x509 }) {
  const publicKeys = {
    jwk: jwk && (await jose.importJWK(jwk, alg)),
    spki: spki && (await jose.importSPKI(spki, alg)),
    x509: x509 && (await jose.importX509(x509, alg)),
  };
  const privateKeys = {
    jwk: await jose.importJWK(privateJwk, alg),
    pkcs8: pkcs8 && (await jose.importPKCS8(pkcs8, alg, { extractable: true })),
  };
  const read = {};
  const signed = {};
  for (const [form, key] of Object.entries(publicKeys)) {
    if (key) read[form] = await readToken(token, key, alg);
  }
  for (const [form, key] of Object.entries(privateKeys)) {
    if (key) signed[form] = await sign(key, alg);
  }
  if (!jwk) read.secret = await readToken(token, privateKeys.jwk, alg);
  const thumbprint = jwk && (await jose.calculateJwkThumbprint(jwk, "sha256"));
  return { read, signed, thumbprint };
}

// A new key of jose's in every form, with a token.
async function makeOwn(alg, crv) {
  const options = { extractable: true, crv };
  if (alg.startsWith("HS")) {
    const secret = await jose.generateSecret(alg, options);
    return { privateJwk: await jose.exportJWK(secret), token: await sign(secret, alg) };
  }
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, options);
  const jwk = await jose.exportJWK(publicKey);
  return {
    jwk,
    privateJwk: await jose.exportJWK(privateKey),
    spki: await jose.exportSPKI(publicKey),
    pkcs8: await jose.exportPKCS8(privateKey),
    token: await sign(privateKey, alg),
    thumbprint: await jose.calculateJwkThumbprint(jwk, "sha256"),
  };
}

const answers = {};
for (const [name, ours] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  answers[name] = {
    ...(await readOurs(ours)),
    own: await makeOwn(ours.alg, ours.jwk?.crv),
  };
}
process.stdout.write(JSON.stringify(answers));
