import type { Shard } from "../synth/stage.ts";
import { beginStage, type Pass, runPass } from "./pipeline.ts";
import { backendOnce, inFolder, type Session, whenFree } from "./session.ts";

/**
 * Makes one shard of the synthesis that ends a pass, for processes that make it together: the stages before it are brought up to date by whoever
 * comes first. The folder holds its lock for that moment alone, and is not whole before the pass runs without shards.
 *
 * @returns What was made, in one line.
 */
export async function runShard(pass: Pass, shard: Shard, workers: number, session: Session): Promise<string> {
  const stage = pass.stages.at(-1)!;
  const job = await whenFree(session, () =>
    inFolder(pass.root, workers, session, async (context) => {
      await runPass({ ...pass, stages: pass.stages.slice(0, -1) }, context, backendOnce(session));
      return await beginStage(stage, pass);
    }),
  );
  if (job === null) return "up to date";
  const { reporter, signal } = session;
  return (await stage.run({ ...job, shard }, { reporter, signal, workers })).headline;
}
