export { FrameReader, type FrameKind } from './frame-reader.ts';
export {
  ChannelError,
  channelProtocol,
  channelRequests,
  formatAnswer,
  formatRequest,
  largestNumber,
  parseAnswerLine,
  parseRequestLine,
  type AnswerLine,
  type ChannelRequestName,
  type RequestLine,
} from './frames.ts';
