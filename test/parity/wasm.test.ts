import { testParity } from "./run.ts";

testParity("wasm");
