// The whole script: these modules, in this order. What browsers get is one file (vpspanel/bundles.py).
import "./panel.js";
import "./explain.js";
import "./announce.js";
import "./focus.js";
import "./keys.js";
import "./drafts.js";
import "./forms.js";
import "./passkeys.js";
import "./create.js";
import "./countdown.js";
