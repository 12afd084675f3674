/** What a machine may make the centre keep: texts with a bound, times that are times, versions that are versions (T19, T80). */
import { parseHandlerVersion } from '@sallyport/model';
import type { ExtensionReport } from '@sallyport/model/wire';
import { mostSteps } from './operation-steps.ts';

/** Longest sentence that is kept, in characters. Handlers write their whole output there. */
const longestMessage = 16_384;
const longestWord = 256;
/** Of what a running command has printed the end counts. */
const longestOutput = 4096;

/** The report with every text within its bound. `now` stands in for a time that is none; '' for a version that is none. */
export function boundedReport(report: ExtensionReport, now: number): ExtensionReport {
  const { error, explanation, passed, status, step } = report;
  const bounded: ExtensionReport = {
    resourceName: report.resourceName,
    operationId: report.operationId,
    state: report.state,
    protectedSettingsStored: report.protectedSettingsStored,
    time: timeOf(report.time, now),
    version: parseHandlerVersion(report.version) ?? '',
  };
  if (passed !== undefined) {
    bounded.passed = passed.slice(0, mostSteps).map(({ state, time }) => ({ state, time: timeOf(time, now) }));
  }
  if (error !== undefined) bounded.error = { code: word(error.code), message: sentence(error.message) };
  if (explanation !== undefined) {
    bounded.explanation = {
      outcome: word(explanation.outcome),
      rule: word(explanation.rule),
      message: sentence(explanation.message),
      ...(explanation.entry === undefined ? {} : { entry: word(explanation.entry) }),
      ...(explanation.file === undefined ? {} : { file: sentence(explanation.file) }),
    };
  }
  if (status !== undefined) {
    bounded.status = {
      code: word(status.code),
      level: status.level,
      displayStatus: word(status.displayStatus),
      message: sentence(status.message),
      time: timeOf(status.time, now),
    };
  }
  const rolledBackTo = parseHandlerVersion(report.rolledBackTo ?? '');
  if (rolledBackTo !== undefined) bounded.rolledBackTo = rolledBackTo;
  if (step !== undefined) {
    bounded.step = {
      name: word(step.name),
      message: sentence(step.message),
      elapsedSeconds: step.elapsedSeconds,
      limitSeconds: step.limitSeconds,
      ...(step.output === undefined ? {} : { output: step.output.slice(-longestOutput) }),
    };
  }
  return bounded;
}

function timeOf(text: string, now: number): string {
  const time = Date.parse(text);
  return new Date(Number.isNaN(time) ? now : time).toISOString();
}

function word(text: string): string {
  return text.slice(0, longestWord);
}

function sentence(text: string): string {
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage)} …`;
}
