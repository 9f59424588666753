import { testParity } from "./run.ts";

testParity("cpu");
