// Compiles src/DevRegistry.sol into artifact/DevRegistry.json.
//
//   node compile.mjs            writes the artifact
//   node compile.mjs --check    compiles, writes nothing, fails when the artifact differs
//
// The output depends on the sources, the pinned compiler and the settings below, and on nothing else:
// no metadata hash is appended to the code, and no path of this machine enters the input.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const artifactPath = join(here, "artifact", "DevRegistry.json");
const MAX_RUNTIME_BYTES = 24_576; // EIP-170

const settings = {
  evmVersion: "shanghai",
  viaIR: true,
  optimizer: { enabled: true, runs: 1 },
  metadata: { appendCBOR: false, bytecodeHash: "none" },
};

function sources() {
  const names = readdirSync(join(here, "src")).filter((name) => name.endsWith(".sol")).sort();
  return Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(here, "src", name), "utf8") }]));
}

function compile() {
  const outputSelection = { "DevRegistry.sol": { DevRegistry: ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } };
  const input = { language: "Solidity", sources: sources(), settings: { ...settings, outputSelection } };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const complaints = output.errors ?? [];
  for (const complaint of complaints) console.error(complaint.formattedMessage);
  if (complaints.length > 0) throw new Error("the compiler complained: errors and warnings both stop the build");
  const contract = output.contracts["DevRegistry.sol"].DevRegistry;
  const runtimeBytes = contract.evm.deployedBytecode.object.length / 2;
  if (runtimeBytes > MAX_RUNTIME_BYTES) {
    throw new Error(`the runtime code has ${runtimeBytes} bytes, more than the ${MAX_RUNTIME_BYTES} a chain accepts`);
  }
  return {
    contractName: "DevRegistry",
    compiler: solc.version().replace(/\.Emscripten.*$/, ""),
    settings,
    runtimeBytes,
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
    deployedBytecode: `0x${contract.evm.deployedBytecode.object}`,
  };
}

const text = `${JSON.stringify(compile(), null, 2)}\n`;
if (process.argv.includes("--check")) {
  if (readFileSync(artifactPath, "utf8") !== text) {
    console.error("artifact/DevRegistry.json is not what src/ compiles to: run `npm run compile` and commit the result");
    process.exit(1);
  }
  console.log("artifact/DevRegistry.json is what src/ compiles to");
} else {
  mkdirSync(dirname(artifactPath), { recursive: true });
  writeFileSync(artifactPath, text);
  console.log(`wrote artifact/DevRegistry.json (${JSON.parse(text).runtimeBytes} bytes of runtime code)`);
}
