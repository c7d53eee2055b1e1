import { isInvalid } from "@tideway/errors";
import { type Kube, type RoleBinding, roleBindings } from "@tideway/k8s";

export const RBAC = "rbac.authorization.k8s.io";

type Subject = NonNullable<RoleBinding["subjects"]>[number];
/** The API server fills in an empty group where none was given. */
const nameOf = (s: Subject): string => [s.kind, s.apiGroup ?? "", s.namespace ?? "", s.name].join("/");

/** It binds this role, to exactly these subjects, and carries our labels. Others' labels may stand beside. */
export const isBinding = (there: RoleBinding | undefined, wanted: RoleBinding): boolean => {
  if (!there || there.roleRef.kind !== wanted.roleRef.kind || there.roleRef.name !== wanted.roleRef.name)
    return false;
  const subjects = (b: RoleBinding): string => (b.subjects ?? []).map(nameOf).join();
  return (
    subjects(there) === subjects(wanted) &&
    Object.entries(wanted.metadata.labels ?? {}).every(([k, v]) => there.metadata.labels?.[k] === v)
  );
};

/** Whatever stands under that name: the role of a binding cannot be changed, so another one's has to go first. */
export const writeBinding = async (kube: Kube, wanted: RoleBinding, fieldManager: string): Promise<void> => {
  const apply = (): Promise<unknown> => kube.apply(roleBindings, wanted, { fieldManager });
  try {
    await apply();
  } catch (err) {
    if (!isInvalid(err)) throw err;
    await kube.delete(roleBindings, wanted.metadata.name, wanted.metadata.namespace);
    await apply();
  }
};
