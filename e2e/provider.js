// A real provider of single sign-on on this machine, for a test that signs in at it: `oidc-provider` with its own login form.

import { once } from "node:events";
import { freePort, load } from "./desk.js";

const CLIENT = { client_id: "bedside-desk", client_secret: "kept-between-the-desk-and-the-provider" };

/** Starts a provider for the desk at `url`. `people` are what it says of whom, by the name they sign in with. */
export async function startProvider(url, people) {
  const { default: Provider } = await load("oidc-provider");
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ ...CLIENT, redirect_uris: [`${url}/sign-in/sso`] }],
    scopes: ["openid", "email", "profile", "groups"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    cookies: { keys: ["a key of this test alone"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    loadExistingGrant: allowed,
    pkce: { required: () => true },
  });
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { issuer, ...CLIENT, close };
}

/** What somebody allows the desk to know: all of it, so that the provider does not ask. */
async function allowed({ oidc }) {
  const { client, provider, session } = oidc;
  const before = session.grantIdFor(client.clientId);
  if (before) return provider.Grant.find(before);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid email profile groups");
  await grant.save();
  return grant;
}

/** Signs in with the provider's own form as `name`, whatever the password. */
export async function signInAt(page, name) {
  await page.locator("input[name=login]").fill(name);
  await page.locator("input[name=password]").fill("any password does here");
  await page.locator("button[type=submit]").click();
}
