// The patient side: only what helps somebody not to lose their words, and makes one click in a mail enough.

import "./frozen";
import * as csrf from "./csrf";
import * as session from "./session";
import { BdComposer } from "./elements/composer";
import { BdPasskey } from "./elements/passkey";
import { BdSendSeen } from "./elements/sendseen";
import { BdTime } from "./elements/time";
import { BdToast } from "./elements/toast";

csrf.start();
customElements.define("bd-toast", BdToast);
customElements.define("bd-time", BdTime);
customElements.define("bd-composer", BdComposer);
customElements.define("bd-send-seen", BdSendSeen);
customElements.define("bd-passkey", BdPasskey);

const out = document.querySelector<HTMLElement>("[data-sign-out]");
if (out) {
  session.leaveOn("[data-sign-out]");
  session.watch("/my", "/my/sign-in?said=again", session.over);
  const idle = Number(out.dataset["idle"]);
  if (idle > 0) session.ends(idle, "my", "/my/sign-in?said=again");
}
