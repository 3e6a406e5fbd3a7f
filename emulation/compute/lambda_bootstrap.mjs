// What a Node function's process runs: a client of the Lambda Runtime API that behaves as the one of
// AWS's nodejs runtimes, which must be compiled and so is not used here.
//
// Started as `node lambda_bootstrap.mjs ADDRESS HANDLER TASK_ROOT`. As the Python bootstrap, it marks
// where an invocation's output ends, and line breaks inside one message travel as LINE_BREAK, so that
// a stack trace is one log event.

import { existsSync, statSync, writeSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";

const FLUSHED = "\x1d\x1e\x1d";
const LINE_BREAK = "\x1f";
const API = "/2018-06-01/runtime";
const [, , address, handlerName, taskRoot] = process.argv;
process.argv.splice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

let requestId;
let settle = () => {};

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

function call(method, route, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(":");
    const options = { host, port, agent, method, path: API + route, headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.setTimeout(0);
    request.on("error", reject);
    request.end(body);
  });
}

// --- Output -------------------------------------------------------------------------------------

function write(line) {
  writeSync(1, line.replaceAll("\n", LINE_BREAK) + "\n");
}

function log(level, ...words) {
  const message = util.format(...words);
  const timestamp = new Date().toISOString();
  if (process.env.AWS_LAMBDA_LOG_FORMAT === "JSON") {
    write(JSON.stringify({ timestamp, level, requestId, message }));
  } else {
    write(`${timestamp}\t${requestId}\t${level}\t${message}`);
  }
}

const LEVELS = { log: "INFO", info: "INFO", debug: "DEBUG", warn: "WARN", error: "ERROR", trace: "TRACE" };
for (const [method, level] of Object.entries(LEVELS)) {
  console[method] = (...words) => log(level, ...words);
}

// --- Errors -------------------------------------------------------------------------------------

function described(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  const trace = (error.stack ?? "").split("\n");
  return { errorType: error.name, errorMessage: error.message, trace };
}

function post(route, error) {
  const body = described(error);
  const headers = {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": body.errorType,
  };
  return call("POST", route, JSON.stringify(body), headers);
}

function logError(what, error) {
  const { errorType, errorMessage, trace } = described(error);
  const own = error instanceof Error ? { ...error } : {};
  log("ERROR", "%s", `${what} \t${JSON.stringify({ errorType, errorMessage, ...own, stack: trace })}`);
}

async function die(error, code) {
  logError("Uncaught Exception", error);
  await post(requestId ? `/invocation/${requestId}/error` : "/init/error", error);
  process.exit(code);
}

// --- The handler --------------------------------------------------------------------------------

function file(stem) {
  const names = [`${stem}.js`, `${stem}.mjs`, `${stem}.cjs`];
  return names.find((name) => existsSync(name) && statSync(name).isFile());
}

async function load() {
  const folder = path.dirname(handlerName);
  const match = path.basename(handlerName).match(/^([^.]*)\.(.+)$/);
  if (!match || handlerName.includes("..")) {
    throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  }
  const [, module, exported] = match;
  let found = await imported(path.resolve(taskRoot, folder, module), module);
  for (const name of exported.split(".")) {
    found = found?.[name];
  }
  if (typeof found !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
  }
  return found;
}

async function imported(stem, name) {
  const source = file(stem);
  if (!source) {
    throw new RuntimeError("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  }
  try {
    const module = await import(pathToFileURL(source));
    const whole = module.default;
    return whole && typeof whole === "object" ? { ...whole, ...module } : module;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    }
    if (error?.code === "ERR_MODULE_NOT_FOUND" || error?.code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
    throw error;
  }
}

function contextOf(headers, finish) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const given = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: given("lambda-runtime-client-context"),
    identity: given("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: (error, result) => finish(error, result, false),
    succeed: (result) => finish(undefined, result, false),
    fail: (error) => finish(error ?? new Error("handled"), undefined, false),
  };
}

// Resolves with the result, rejects with the handler's error. A callback's result waits until the
// event loop is empty, unless the context says otherwise; a handler after which nothing is left to
// happen and that has not answered gives null, and one whose promise is then pending has failed.
function run(handler, event, headers) {
  return new Promise((resolve, reject) => {
    let answer;
    let promised = false;
    const finish = (error, result, waits) => {
      answer ??= () => (error ? reject(error) : resolve(result));
      if (!waits) answer();
    };
    settle = () => {
      if (answer) return answer();
      if (!promised) return resolve(null);
      const message = "The handler's promise is pending, and nothing is left that could settle it";
      reject(new RuntimeError("Runtime.NodeJsExit", message));
    };
    const context = contextOf(headers, finish);
    const callback = (error, result) => finish(error, result, context.callbackWaitsForEmptyEventLoop);
    const returned = handler(event, context, callback);
    if (typeof returned?.then === "function") {
      promised = true;
      returned.then(resolve, reject);
    }
  });
}

async function serve(handler) {
  for (;;) {
    settle = () => {};
    writeSync(1, FLUSHED + "\n");
    const { headers, body } = await call("GET", "/invocation/next");
    requestId = headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"];
    try {
      const result = await run(handler, JSON.parse(body), headers);
      await call("POST", `/invocation/${requestId}/response`, JSON.stringify(result ?? null));
    } catch (error) {
      logError("Invoke Error", error);
      await post(`/invocation/${requestId}/error`, error);
    }
  }
}

process.on("beforeExit", () => settle());
process.on("uncaughtException", (error) => die(error, 129));
process.on("unhandledRejection", (reason) => {
  const error = new RuntimeError("Runtime.UnhandledPromiseRejection", String(reason));
  error.reason = reason;
  return die(error, 128);
});
globalThis.awslambda = {
  streamifyResponse() {
    throw new Error("response streaming is not emulated");
  },
};

try {
  await serve(await load());
} catch (error) {
  await die(error, 1);
}
