// A plain page carries its definition; the form is mounted where the page says.

import { mount, pageHost } from "./form.js";

const definition = JSON.parse(document.getElementById("zf-definition").textContent);
const lang = new URLSearchParams(window.location.search).get("lang");
mount(document.getElementById("zf-form"), definition, pageHost(window.location.pathname, { lang }));
