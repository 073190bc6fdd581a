// The patient side: only what helps somebody not to lose their words.

import * as csrf from "./csrf";
import { BdComposer } from "./elements/composer";
import { BdTime } from "./elements/time";
import { BdToast } from "./elements/toast";

csrf.start();
customElements.define("bd-toast", BdToast);
customElements.define("bd-time", BdTime);
customElements.define("bd-composer", BdComposer);
