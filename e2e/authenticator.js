// A device for passkeys that Chromium plays, such as a phone that somebody unlocks and touches.

/** Gives the window of `page` such a device. Nobody touches it before `touched(true)`; whoever asks it waits until then. */
export async function playAuthenticator(page) {
  const device = await page.context().newCDPSession(page);
  await device.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: false },
  });
  return {
    /** Whether somebody touches it when it asks. */
    touched: (enabled) => device.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled }),
    /** Whether whoever touches it can unlock it. */
    unlocked: (isUserVerified) => device.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    /** Takes it away, with what is on it. */
    remove: () => device.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}
