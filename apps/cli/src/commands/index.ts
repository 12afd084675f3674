/** The operator's commands: nouns, then verbs. */
import { buildRouteMap } from '@stricli/core';
import { activityLogList } from './activity-log/list.ts';
import { extensionDelete } from './extension/delete.ts';
import { extensionInstall } from './extension/install.ts';
import { extensionList } from './extension/list.ts';
import { extensionShow } from './extension/show.ts';
import { machineList } from './machine/list.ts';
import { machineShow } from './machine/show.ts';
import { tour } from './tour.ts';

export const commands = buildRouteMap({
  routes: {
    tour,
    machine: buildRouteMap({ routes: { list: machineList, show: machineShow }, docs: { brief: 'Connected machines' } }),
    extension: buildRouteMap({
      routes: { list: extensionList, show: extensionShow, install: extensionInstall, delete: extensionDelete },
      docs: { brief: 'Extensions on machines' },
    }),
    activityLog: buildRouteMap({ routes: { list: activityLogList }, docs: { brief: 'What was done centrally' } }),
  },
  docs: {
    brief: 'Manages extensions on servers whose owners keep the last word',
    fullDescription:
      "Manages extensions on servers whose owners keep the last word.\n'sallyport gallery …' and 'sallyport control-plane …' run those programs; see their own --help.",
  },
});
