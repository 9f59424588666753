import { testParity } from "./run.ts";

testParity("tensorflow");
