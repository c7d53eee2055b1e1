export * from "./client.ts";
export * from "./denial.ts";
export * from "./messages.ts";
export * from "./request.ts";
export { authService, type AuthMethods } from "./service.ts";
export { SERVER_NAME } from "./pinned.ts";
