/** The version of this control plane. */
export const controlPlaneVersion = '0.1.0';
