/** What we use of jsfive, which has no types. */
declare module "jsfive" {
  export class Group {
    readonly keys: string[];
    get(path: string): Group | Dataset;
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer, name: string);
  }
  export class Dataset {
    readonly shape: number[];
    readonly dtype: unknown;
    readonly value: unknown;
  }
}
