/** Version of what clusters say to each other, `major.minor`: another major is not spoken with. */
export const PROTOCOL_VERSION = "1.0";
