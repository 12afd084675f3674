/** The operator's commands: nouns, then verbs. */
import { buildRouteMap } from '@stricli/core';
import { activityLogList } from './activity-log/list.ts';
import { extensionDelete } from './extension/delete.ts';
import { extensionExplain } from './extension/explain.ts';
import { extensionInstall } from './extension/install.ts';
import { extensionList } from './extension/list.ts';
import { extensionShow } from './extension/show.ts';
import { machineControls } from './machine/controls.ts';
import { machineList } from './machine/list.ts';
import { machineRelease } from './machine/release.ts';
import { machineShow } from './machine/show.ts';
import { orderKeyCreate } from './order/key/create.ts';
import { orderKeyShow } from './order/key/show.ts';
import { orderList } from './order/list.ts';
import { orderShow } from './order/show.ts';
import { orderSign } from './order/sign.ts';
import { roleAssign } from './role/assign.ts';
import { roleAssignments } from './role/assignments.ts';
import { roleList } from './role/list.ts';
import { roleUnassign } from './role/unassign.ts';
import { credentialAdd } from './service-principal/credential/add.ts';
import { credentialList } from './service-principal/credential/list.ts';
import { credentialRemove } from './service-principal/credential/remove.ts';
import { servicePrincipalCreate } from './service-principal/create.ts';
import { servicePrincipalDelete } from './service-principal/delete.ts';
import { servicePrincipalList } from './service-principal/list.ts';
import { servicePrincipalRotateSecret } from './service-principal/rotate-secret.ts';
import { upgradeExplain } from './upgrade/explain.ts';
import { upgradeList } from './upgrade/list.ts';
import { upgradeHalt, upgradeResume } from './upgrade/order.ts';
import { upgradeSettings } from './upgrade/settings.ts';
import { signingKeyList } from './signing-key/list.ts';
import { signingKeyRevoke } from './signing-key/revoke.ts';
import { signingKeyRotate } from './signing-key/rotate.ts';
import { tour } from './tour.ts';
import { userAddIdentity } from './user/add-identity.ts';
import { userCreate } from './user/create.ts';
import { userDelete } from './user/delete.ts';
import { userList } from './user/list.ts';
import { userResetPassword } from './user/reset-password.ts';
import { userSignOut } from './user/sign-out.ts';

export const commands = buildRouteMap({
  routes: {
    tour,
    machine: buildRouteMap({
      routes: { list: machineList, show: machineShow, controls: machineControls, release: machineRelease },
      docs: { brief: 'Connected machines' },
    }),
    extension: buildRouteMap({
      routes: {
        list: extensionList,
        show: extensionShow,
        explain: extensionExplain,
        install: extensionInstall,
        delete: extensionDelete,
      },
      docs: { brief: 'Extensions on machines' },
    }),
    order: buildRouteMap({
      routes: {
        list: orderList,
        show: orderShow,
        sign: orderSign,
        key: buildRouteMap({
          routes: { create: orderKeyCreate, show: orderKeyShow },
          docs: { brief: 'The key that you sign with' },
        }),
      },
      docs: { brief: 'What servers do only when operators have signed it' },
    }),
    upgrade: buildRouteMap({
      routes: {
        list: upgradeList,
        explain: upgradeExplain,
        halt: upgradeHalt,
        resume: upgradeResume,
        settings: upgradeSettings,
      },
      docs: { brief: 'Versions that go out by themselves' },
    }),
    role: buildRouteMap({
      routes: { list: roleList, assignments: roleAssignments, assign: roleAssign, unassign: roleUnassign },
      docs: { brief: 'Who may do what where' },
    }),
    servicePrincipal: buildRouteMap({
      routes: {
        create: servicePrincipalCreate,
        list: servicePrincipalList,
        rotateSecret: servicePrincipalRotateSecret,
        delete: servicePrincipalDelete,
        credential: buildRouteMap({
          routes: { add: credentialAdd, list: credentialList, remove: credentialRemove },
          docs: { brief: 'What applications sign in with besides a secret' },
        }),
      },
      docs: { brief: 'Applications that can sign in' },
    }),
    user: buildRouteMap({
      routes: {
        create: userCreate,
        list: userList,
        resetPassword: userResetPassword,
        addIdentity: userAddIdentity,
        signOut: userSignOut,
        delete: userDelete,
      },
      docs: { brief: 'People who can sign in' },
    }),
    signingKey: buildRouteMap({
      routes: { list: signingKeyList, rotate: signingKeyRotate, revoke: signingKeyRevoke },
      docs: { brief: 'Keys that tokens are signed with' },
    }),
    activityLog: buildRouteMap({ routes: { list: activityLogList }, docs: { brief: 'What was done centrally' } }),
  },
  docs: {
    brief: 'Manages extensions on servers whose owners keep the last word',
    fullDescription:
      "Manages extensions on servers whose owners keep the last word.\n'sallyport gallery …' and 'sallyport control-plane …' run those programs; see their own --help.",
  },
});
