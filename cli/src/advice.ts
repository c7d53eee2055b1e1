import { isForbidden, isInvalid, isNotFound, isUnavailable } from "@tideway/errors";

/** What to do about an error that came from the API server as it is. */
export const adviceOn = (err: unknown): string | undefined => {
  if (isForbidden(err))
    return "this user may not do that: use a context with the rights, or have them granted";
  if (isNotFound(err) && /\.tideway\.dev\//.test(String(err)))
    return "Tideway is not installed in this cluster, or the wrong context is used: see --context and README.md";
  if (isUnavailable(err))
    return "check that the cluster runs, and that --kubeconfig and --context name the right one";
  if (isInvalid(err)) return undefined;
  return undefined;
};
