/**
 * The main job, told step by step on one machine: one extension let in, one refused, both on record. Every step is done with
 * the commands and the API that users have; a step that goes otherwise than told throws and ends the story.
 */
import { openArmClient } from '../connection/arm-client.ts';
import type { Connection } from '../connection/connection-file.ts';
import type { Stage } from './stage.ts';
import { startControlPlane } from './steps/control-plane.ts';
import { prepareGallery } from './steps/gallery.ts';
import { closeGate, letIn, refuse } from './steps/gate.ts';
import { showActivityLog } from './steps/record.ts';
import { connectServer } from './steps/server.ts';

/** Tells the story. What it started is up to `stage.programs`, also when it throws. */
export async function tellStory(stage: Stage): Promise<Connection> {
  stage.narrator.title('Sallyport: the centre proposes, the catalog proves, the server disposes.');
  await prepareGallery(stage);
  const connection = await startControlPlane(stage);
  const client = openArmClient(connection);
  try {
    await connectServer(stage, connection, client);
    await letIn(stage, client);
    await closeGate(stage);
    await refuse(stage, client);
    await showActivityLog(stage, client);
  } finally {
    client.close();
  }
  return connection;
}
