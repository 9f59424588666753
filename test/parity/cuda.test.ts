import { testParity } from "./run.ts";

testParity("cuda");
