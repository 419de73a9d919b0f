// The parts of the beacon node's packages that their export lists leave out, by file.
const modules = new URL("../node_modules/", import.meta.url);

/** Imports `file` of the built `pkg`, whether exported or not. */
export const internal = (pkg, file) => import(new URL(`${pkg}/lib/${file}`, modules).href);
