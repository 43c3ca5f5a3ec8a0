// What a script tells the test: one JSON line per call it made through its client.
"use strict";

const asked = JSON.parse(process.argv[2]);

const tell = (step, result) => {
  process.stdout.write(JSON.stringify({ step, result: result === undefined ? null : result }) + "\n");
  return result;
};

// Writes down how the client rejects, or that it did not.
const tellFailure = async (step, call) => {
  try {
    await call();
    tell(step, { rejected: null });
  } catch (reason) {
    tell(step, { rejected: reason instanceof Error ? reason.message : reason });
  }
};

const run = (main) =>
  main().catch((reason) => {
    console.error(reason instanceof Error ? reason.stack : JSON.stringify(reason));
    process.exitCode = 1;
  });

module.exports = { asked, tell, tellFailure, run };
