import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace tideway. */
export namespace tideway {

    /** Namespace auth. */
    namespace auth {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of a DescribeRequest.
             * @deprecated Use tideway.auth.v1.DescribeRequest.$Properties instead.
             */
            interface IDescribeRequest extends tideway.auth.v1.DescribeRequest.$Properties {
            }

            /** Represents a DescribeRequest. */
            class DescribeRequest {

                /**
                 * Constructs a new DescribeRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.DescribeRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Creates a new DescribeRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns DescribeRequest instance
                 */
                static create(properties: tideway.auth.v1.DescribeRequest.$Shape): tideway.auth.v1.DescribeRequest & tideway.auth.v1.DescribeRequest.$Shape;
                static create(properties?: tideway.auth.v1.DescribeRequest.$Properties): tideway.auth.v1.DescribeRequest;

                /**
                 * Encodes the specified DescribeRequest message. Does not implicitly {@link tideway.auth.v1.DescribeRequest.verify|verify} messages.
                 * @param message DescribeRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.DescribeRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DescribeRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.DescribeRequest & tideway.auth.v1.DescribeRequest.$Shape} DescribeRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.DescribeRequest & tideway.auth.v1.DescribeRequest.$Shape;
            }

            namespace DescribeRequest {

                /** Properties of a DescribeRequest. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DescribeRequest. */
                type $Shape = tideway.auth.v1.DescribeRequest.$Properties;
            }

            /**
             * Properties of a DescribeResponse.
             * @deprecated Use tideway.auth.v1.DescribeResponse.$Properties instead.
             */
            interface IDescribeResponse extends tideway.auth.v1.DescribeResponse.$Properties {
            }

            /** Represents a DescribeResponse. */
            class DescribeResponse {

                /**
                 * Constructs a new DescribeResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.DescribeResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** DescribeResponse clusterId. */
                clusterId: string;

                /** DescribeResponse clusterName. */
                clusterName: string;

                /** DescribeResponse timeMs. */
                timeMs: number;

                /** DescribeResponse protocolVersion. */
                protocolVersion: string;

                /** DescribeResponse capabilities. */
                capabilities: string[];

                /**
                 * Creates a new DescribeResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns DescribeResponse instance
                 */
                static create(properties: tideway.auth.v1.DescribeResponse.$Shape): tideway.auth.v1.DescribeResponse & tideway.auth.v1.DescribeResponse.$Shape;
                static create(properties?: tideway.auth.v1.DescribeResponse.$Properties): tideway.auth.v1.DescribeResponse;

                /**
                 * Encodes the specified DescribeResponse message. Does not implicitly {@link tideway.auth.v1.DescribeResponse.verify|verify} messages.
                 * @param message DescribeResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.DescribeResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a DescribeResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.DescribeResponse & tideway.auth.v1.DescribeResponse.$Shape} DescribeResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.DescribeResponse & tideway.auth.v1.DescribeResponse.$Shape;
            }

            namespace DescribeResponse {

                /** Properties of a DescribeResponse. */
                interface $Properties {

                    /** DescribeResponse clusterId */
                    clusterId?: (string|null);

                    /** DescribeResponse clusterName */
                    clusterName?: (string|null);

                    /** DescribeResponse timeMs */
                    timeMs?: (number|null);

                    /** DescribeResponse protocolVersion */
                    protocolVersion?: (string|null);

                    /** DescribeResponse capabilities */
                    capabilities?: (string[]|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a DescribeResponse. */
                type $Shape = tideway.auth.v1.DescribeResponse.$Properties;
            }

            /**
             * Properties of an AuthenticateRequest.
             * @deprecated Use tideway.auth.v1.AuthenticateRequest.$Properties instead.
             */
            interface IAuthenticateRequest extends tideway.auth.v1.AuthenticateRequest.$Properties {
            }

            /** Represents an AuthenticateRequest. */
            class AuthenticateRequest {

                /**
                 * Constructs a new AuthenticateRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.AuthenticateRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AuthenticateRequest token. */
                token: string;

                /** AuthenticateRequest clusterId. */
                clusterId: string;

                /** AuthenticateRequest clusterName. */
                clusterName: string;

                /** AuthenticateRequest csr. */
                csr: Uint8Array;

                /** AuthenticateRequest authEndpoint. */
                authEndpoint: string;

                /** AuthenticateRequest pins. */
                pins: string[];

                /** AuthenticateRequest proof. */
                proof?: (tideway.auth.v1.Proof.$Properties|null);

                /**
                 * Creates a new AuthenticateRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AuthenticateRequest instance
                 */
                static create(properties: tideway.auth.v1.AuthenticateRequest.$Shape): tideway.auth.v1.AuthenticateRequest & tideway.auth.v1.AuthenticateRequest.$Shape;
                static create(properties?: tideway.auth.v1.AuthenticateRequest.$Properties): tideway.auth.v1.AuthenticateRequest;

                /**
                 * Encodes the specified AuthenticateRequest message. Does not implicitly {@link tideway.auth.v1.AuthenticateRequest.verify|verify} messages.
                 * @param message AuthenticateRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.AuthenticateRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AuthenticateRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.AuthenticateRequest & tideway.auth.v1.AuthenticateRequest.$Shape} AuthenticateRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.AuthenticateRequest & tideway.auth.v1.AuthenticateRequest.$Shape;
            }

            namespace AuthenticateRequest {

                /** Properties of an AuthenticateRequest. */
                interface $Properties {

                    /** AuthenticateRequest token */
                    token?: (string|null);

                    /** AuthenticateRequest clusterId */
                    clusterId?: (string|null);

                    /** AuthenticateRequest clusterName */
                    clusterName?: (string|null);

                    /** AuthenticateRequest csr */
                    csr?: (Uint8Array|null);

                    /** AuthenticateRequest authEndpoint */
                    authEndpoint?: (string|null);

                    /** AuthenticateRequest pins */
                    pins?: (string[]|null);

                    /** AuthenticateRequest proof */
                    proof?: (tideway.auth.v1.Proof.$Properties|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AuthenticateRequest. */
                type $Shape = tideway.auth.v1.AuthenticateRequest.$Properties;
            }

            /**
             * Properties of a Proof.
             * @deprecated Use tideway.auth.v1.Proof.$Properties instead.
             */
            interface IProof extends tideway.auth.v1.Proof.$Properties {
            }

            /** Represents a Proof. */
            class Proof {

                /**
                 * Constructs a new Proof.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.Proof.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Proof publicKey. */
                publicKey: Uint8Array;

                /** Proof payload. */
                payload: Uint8Array;

                /** Proof signature. */
                signature: Uint8Array;

                /**
                 * Creates a new Proof instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Proof instance
                 */
                static create(properties: tideway.auth.v1.Proof.$Shape): tideway.auth.v1.Proof & tideway.auth.v1.Proof.$Shape;
                static create(properties?: tideway.auth.v1.Proof.$Properties): tideway.auth.v1.Proof;

                /**
                 * Encodes the specified Proof message. Does not implicitly {@link tideway.auth.v1.Proof.verify|verify} messages.
                 * @param message Proof message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.Proof.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Proof message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.Proof & tideway.auth.v1.Proof.$Shape} Proof
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.Proof & tideway.auth.v1.Proof.$Shape;
            }

            namespace Proof {

                /** Properties of a Proof. */
                interface $Properties {

                    /** Proof publicKey */
                    publicKey?: (Uint8Array|null);

                    /** Proof payload */
                    payload?: (Uint8Array|null);

                    /** Proof signature */
                    signature?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Proof. */
                type $Shape = tideway.auth.v1.Proof.$Properties;
            }

            /**
             * Properties of an AuthenticateResponse.
             * @deprecated Use tideway.auth.v1.AuthenticateResponse.$Properties instead.
             */
            interface IAuthenticateResponse extends tideway.auth.v1.AuthenticateResponse.$Properties {
            }

            /** Represents an AuthenticateResponse. */
            class AuthenticateResponse {

                /**
                 * Constructs a new AuthenticateResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.AuthenticateResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AuthenticateResponse certificate. */
                certificate: string;

                /** AuthenticateResponse ca. */
                ca: string;

                /** AuthenticateResponse apiServer. */
                apiServer: string;

                /** AuthenticateResponse tenantNamespace. */
                tenantNamespace: string;

                /** AuthenticateResponse clusterId. */
                clusterId: string;

                /** AuthenticateResponse clusterName. */
                clusterName: string;

                /** AuthenticateResponse notBefore. */
                notBefore: string;

                /** AuthenticateResponse notAfter. */
                notAfter: string;

                /** AuthenticateResponse tenantUid. */
                tenantUid: string;

                /** AuthenticateResponse token. */
                token: string;

                /**
                 * Creates a new AuthenticateResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AuthenticateResponse instance
                 */
                static create(properties: tideway.auth.v1.AuthenticateResponse.$Shape): tideway.auth.v1.AuthenticateResponse & tideway.auth.v1.AuthenticateResponse.$Shape;
                static create(properties?: tideway.auth.v1.AuthenticateResponse.$Properties): tideway.auth.v1.AuthenticateResponse;

                /**
                 * Encodes the specified AuthenticateResponse message. Does not implicitly {@link tideway.auth.v1.AuthenticateResponse.verify|verify} messages.
                 * @param message AuthenticateResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.AuthenticateResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AuthenticateResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.AuthenticateResponse & tideway.auth.v1.AuthenticateResponse.$Shape} AuthenticateResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.AuthenticateResponse & tideway.auth.v1.AuthenticateResponse.$Shape;
            }

            namespace AuthenticateResponse {

                /** Properties of an AuthenticateResponse. */
                interface $Properties {

                    /** AuthenticateResponse certificate */
                    certificate?: (string|null);

                    /** AuthenticateResponse ca */
                    ca?: (string|null);

                    /** AuthenticateResponse apiServer */
                    apiServer?: (string|null);

                    /** AuthenticateResponse tenantNamespace */
                    tenantNamespace?: (string|null);

                    /** AuthenticateResponse clusterId */
                    clusterId?: (string|null);

                    /** AuthenticateResponse clusterName */
                    clusterName?: (string|null);

                    /** AuthenticateResponse notBefore */
                    notBefore?: (string|null);

                    /** AuthenticateResponse notAfter */
                    notAfter?: (string|null);

                    /** AuthenticateResponse tenantUid */
                    tenantUid?: (string|null);

                    /** AuthenticateResponse token */
                    token?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AuthenticateResponse. */
                type $Shape = tideway.auth.v1.AuthenticateResponse.$Properties;
            }

            /**
             * Properties of a Signed.
             * @deprecated Use tideway.auth.v1.Signed.$Properties instead.
             */
            interface ISigned extends tideway.auth.v1.Signed.$Properties {
            }

            /** Represents a Signed. */
            class Signed {

                /**
                 * Constructs a new Signed.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.Signed.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Signed certificate. */
                certificate: string;

                /** Signed payload. */
                payload: Uint8Array;

                /** Signed signature. */
                signature: Uint8Array;

                /**
                 * Creates a new Signed instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns Signed instance
                 */
                static create(properties: tideway.auth.v1.Signed.$Shape): tideway.auth.v1.Signed & tideway.auth.v1.Signed.$Shape;
                static create(properties?: tideway.auth.v1.Signed.$Properties): tideway.auth.v1.Signed;

                /**
                 * Encodes the specified Signed message. Does not implicitly {@link tideway.auth.v1.Signed.verify|verify} messages.
                 * @param message Signed message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.Signed.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Signed message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.Signed & tideway.auth.v1.Signed.$Shape} Signed
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.Signed & tideway.auth.v1.Signed.$Shape;
            }

            namespace Signed {

                /** Properties of a Signed. */
                interface $Properties {

                    /** Signed certificate */
                    certificate?: (string|null);

                    /** Signed payload */
                    payload?: (Uint8Array|null);

                    /** Signed signature */
                    signature?: (Uint8Array|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Signed. */
                type $Shape = tideway.auth.v1.Signed.$Properties;
            }

            /**
             * Properties of a ReleaseResponse.
             * @deprecated Use tideway.auth.v1.ReleaseResponse.$Properties instead.
             */
            interface IReleaseResponse extends tideway.auth.v1.ReleaseResponse.$Properties {
            }

            /** Represents a ReleaseResponse. */
            class ReleaseResponse {

                /**
                 * Constructs a new ReleaseResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.ReleaseResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ReleaseResponse released. */
                released: boolean;

                /**
                 * Creates a new ReleaseResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ReleaseResponse instance
                 */
                static create(properties: tideway.auth.v1.ReleaseResponse.$Shape): tideway.auth.v1.ReleaseResponse & tideway.auth.v1.ReleaseResponse.$Shape;
                static create(properties?: tideway.auth.v1.ReleaseResponse.$Properties): tideway.auth.v1.ReleaseResponse;

                /**
                 * Encodes the specified ReleaseResponse message. Does not implicitly {@link tideway.auth.v1.ReleaseResponse.verify|verify} messages.
                 * @param message ReleaseResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.ReleaseResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ReleaseResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.ReleaseResponse & tideway.auth.v1.ReleaseResponse.$Shape} ReleaseResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.ReleaseResponse & tideway.auth.v1.ReleaseResponse.$Shape;
            }

            namespace ReleaseResponse {

                /** Properties of a ReleaseResponse. */
                interface $Properties {

                    /** ReleaseResponse released */
                    released?: (boolean|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ReleaseResponse. */
                type $Shape = tideway.auth.v1.ReleaseResponse.$Properties;
            }

            /**
             * Properties of a CheckPeeringRequest.
             * @deprecated Use tideway.auth.v1.CheckPeeringRequest.$Properties instead.
             */
            interface ICheckPeeringRequest extends tideway.auth.v1.CheckPeeringRequest.$Properties {
            }

            /** Represents a CheckPeeringRequest. */
            class CheckPeeringRequest {

                /**
                 * Constructs a new CheckPeeringRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.CheckPeeringRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CheckPeeringRequest clusterId. */
                clusterId: string;

                /**
                 * Creates a new CheckPeeringRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CheckPeeringRequest instance
                 */
                static create(properties: tideway.auth.v1.CheckPeeringRequest.$Shape): tideway.auth.v1.CheckPeeringRequest & tideway.auth.v1.CheckPeeringRequest.$Shape;
                static create(properties?: tideway.auth.v1.CheckPeeringRequest.$Properties): tideway.auth.v1.CheckPeeringRequest;

                /**
                 * Encodes the specified CheckPeeringRequest message. Does not implicitly {@link tideway.auth.v1.CheckPeeringRequest.verify|verify} messages.
                 * @param message CheckPeeringRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.CheckPeeringRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CheckPeeringRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.CheckPeeringRequest & tideway.auth.v1.CheckPeeringRequest.$Shape} CheckPeeringRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.CheckPeeringRequest & tideway.auth.v1.CheckPeeringRequest.$Shape;
            }

            namespace CheckPeeringRequest {

                /** Properties of a CheckPeeringRequest. */
                interface $Properties {

                    /** CheckPeeringRequest clusterId */
                    clusterId?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CheckPeeringRequest. */
                type $Shape = tideway.auth.v1.CheckPeeringRequest.$Properties;
            }

            /** PeeringState enum. */
            enum PeeringState {

                /** PEERING_UNKNOWN value */
                PEERING_UNKNOWN = 0,

                /** PEERING_WANTED value */
                PEERING_WANTED = 1,

                /** PEERING_NOT_WANTED value */
                PEERING_NOT_WANTED = 2
            }

            /**
             * Properties of a CheckPeeringResponse.
             * @deprecated Use tideway.auth.v1.CheckPeeringResponse.$Properties instead.
             */
            interface ICheckPeeringResponse extends tideway.auth.v1.CheckPeeringResponse.$Properties {
            }

            /** Represents a CheckPeeringResponse. */
            class CheckPeeringResponse {

                /**
                 * Constructs a new CheckPeeringResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.auth.v1.CheckPeeringResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** CheckPeeringResponse state. */
                state: tideway.auth.v1.PeeringState;

                /**
                 * Creates a new CheckPeeringResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns CheckPeeringResponse instance
                 */
                static create(properties: tideway.auth.v1.CheckPeeringResponse.$Shape): tideway.auth.v1.CheckPeeringResponse & tideway.auth.v1.CheckPeeringResponse.$Shape;
                static create(properties?: tideway.auth.v1.CheckPeeringResponse.$Properties): tideway.auth.v1.CheckPeeringResponse;

                /**
                 * Encodes the specified CheckPeeringResponse message. Does not implicitly {@link tideway.auth.v1.CheckPeeringResponse.verify|verify} messages.
                 * @param message CheckPeeringResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.auth.v1.CheckPeeringResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a CheckPeeringResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.CheckPeeringResponse & tideway.auth.v1.CheckPeeringResponse.$Shape} CheckPeeringResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.auth.v1.CheckPeeringResponse & tideway.auth.v1.CheckPeeringResponse.$Shape;
            }

            namespace CheckPeeringResponse {

                /** Properties of a CheckPeeringResponse. */
                interface $Properties {

                    /** CheckPeeringResponse state */
                    state?: (tideway.auth.v1.PeeringState|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a CheckPeeringResponse. */
                type $Shape = tideway.auth.v1.CheckPeeringResponse.$Properties;
            }
        }
    }
}
