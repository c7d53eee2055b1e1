import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace tideway. */
export namespace tideway {

    /** Namespace ipam. */
    namespace ipam {

        /** Namespace v1. */
        namespace v1 {

            /**
             * Properties of an AcquirePrefixRequest.
             * @deprecated Use tideway.ipam.v1.AcquirePrefixRequest.$Properties instead.
             */
            interface IAcquirePrefixRequest extends tideway.ipam.v1.AcquirePrefixRequest.$Properties {
            }

            /** Represents an AcquirePrefixRequest. */
            class AcquirePrefixRequest {

                /**
                 * Constructs a new AcquirePrefixRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.AcquirePrefixRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AcquirePrefixRequest owner. */
                owner: string;

                /** AcquirePrefixRequest wanted. */
                wanted: string;

                /** AcquirePrefixRequest length. */
                length: number;

                /**
                 * Creates a new AcquirePrefixRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AcquirePrefixRequest instance
                 */
                static create(properties: tideway.ipam.v1.AcquirePrefixRequest.$Shape): tideway.ipam.v1.AcquirePrefixRequest & tideway.ipam.v1.AcquirePrefixRequest.$Shape;
                static create(properties?: tideway.ipam.v1.AcquirePrefixRequest.$Properties): tideway.ipam.v1.AcquirePrefixRequest;

                /**
                 * Encodes the specified AcquirePrefixRequest message. Does not implicitly {@link tideway.ipam.v1.AcquirePrefixRequest.verify|verify} messages.
                 * @param message AcquirePrefixRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.AcquirePrefixRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AcquirePrefixRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquirePrefixRequest & tideway.ipam.v1.AcquirePrefixRequest.$Shape} AcquirePrefixRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.AcquirePrefixRequest & tideway.ipam.v1.AcquirePrefixRequest.$Shape;
            }

            namespace AcquirePrefixRequest {

                /** Properties of an AcquirePrefixRequest. */
                interface $Properties {

                    /** AcquirePrefixRequest owner */
                    owner?: (string|null);

                    /** AcquirePrefixRequest wanted */
                    wanted?: (string|null);

                    /** AcquirePrefixRequest length */
                    length?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AcquirePrefixRequest. */
                type $Shape = tideway.ipam.v1.AcquirePrefixRequest.$Properties;
            }

            /**
             * Properties of an AcquirePrefixResponse.
             * @deprecated Use tideway.ipam.v1.AcquirePrefixResponse.$Properties instead.
             */
            interface IAcquirePrefixResponse extends tideway.ipam.v1.AcquirePrefixResponse.$Properties {
            }

            /** Represents an AcquirePrefixResponse. */
            class AcquirePrefixResponse {

                /**
                 * Constructs a new AcquirePrefixResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.AcquirePrefixResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AcquirePrefixResponse prefix. */
                prefix: string;

                /**
                 * Creates a new AcquirePrefixResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AcquirePrefixResponse instance
                 */
                static create(properties: tideway.ipam.v1.AcquirePrefixResponse.$Shape): tideway.ipam.v1.AcquirePrefixResponse & tideway.ipam.v1.AcquirePrefixResponse.$Shape;
                static create(properties?: tideway.ipam.v1.AcquirePrefixResponse.$Properties): tideway.ipam.v1.AcquirePrefixResponse;

                /**
                 * Encodes the specified AcquirePrefixResponse message. Does not implicitly {@link tideway.ipam.v1.AcquirePrefixResponse.verify|verify} messages.
                 * @param message AcquirePrefixResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.AcquirePrefixResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AcquirePrefixResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquirePrefixResponse & tideway.ipam.v1.AcquirePrefixResponse.$Shape} AcquirePrefixResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.AcquirePrefixResponse & tideway.ipam.v1.AcquirePrefixResponse.$Shape;
            }

            namespace AcquirePrefixResponse {

                /** Properties of an AcquirePrefixResponse. */
                interface $Properties {

                    /** AcquirePrefixResponse prefix */
                    prefix?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AcquirePrefixResponse. */
                type $Shape = tideway.ipam.v1.AcquirePrefixResponse.$Properties;
            }

            /**
             * Properties of a ReleasePrefixRequest.
             * @deprecated Use tideway.ipam.v1.ReleasePrefixRequest.$Properties instead.
             */
            interface IReleasePrefixRequest extends tideway.ipam.v1.ReleasePrefixRequest.$Properties {
            }

            /** Represents a ReleasePrefixRequest. */
            class ReleasePrefixRequest {

                /**
                 * Constructs a new ReleasePrefixRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.ReleasePrefixRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ReleasePrefixRequest owner. */
                owner: string;

                /**
                 * Creates a new ReleasePrefixRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ReleasePrefixRequest instance
                 */
                static create(properties: tideway.ipam.v1.ReleasePrefixRequest.$Shape): tideway.ipam.v1.ReleasePrefixRequest & tideway.ipam.v1.ReleasePrefixRequest.$Shape;
                static create(properties?: tideway.ipam.v1.ReleasePrefixRequest.$Properties): tideway.ipam.v1.ReleasePrefixRequest;

                /**
                 * Encodes the specified ReleasePrefixRequest message. Does not implicitly {@link tideway.ipam.v1.ReleasePrefixRequest.verify|verify} messages.
                 * @param message ReleasePrefixRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.ReleasePrefixRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ReleasePrefixRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleasePrefixRequest & tideway.ipam.v1.ReleasePrefixRequest.$Shape} ReleasePrefixRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.ReleasePrefixRequest & tideway.ipam.v1.ReleasePrefixRequest.$Shape;
            }

            namespace ReleasePrefixRequest {

                /** Properties of a ReleasePrefixRequest. */
                interface $Properties {

                    /** ReleasePrefixRequest owner */
                    owner?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ReleasePrefixRequest. */
                type $Shape = tideway.ipam.v1.ReleasePrefixRequest.$Properties;
            }

            /**
             * Properties of a ReleasePrefixResponse.
             * @deprecated Use tideway.ipam.v1.ReleasePrefixResponse.$Properties instead.
             */
            interface IReleasePrefixResponse extends tideway.ipam.v1.ReleasePrefixResponse.$Properties {
            }

            /** Represents a ReleasePrefixResponse. */
            class ReleasePrefixResponse {

                /**
                 * Constructs a new ReleasePrefixResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.ReleasePrefixResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Creates a new ReleasePrefixResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ReleasePrefixResponse instance
                 */
                static create(properties: tideway.ipam.v1.ReleasePrefixResponse.$Shape): tideway.ipam.v1.ReleasePrefixResponse & tideway.ipam.v1.ReleasePrefixResponse.$Shape;
                static create(properties?: tideway.ipam.v1.ReleasePrefixResponse.$Properties): tideway.ipam.v1.ReleasePrefixResponse;

                /**
                 * Encodes the specified ReleasePrefixResponse message. Does not implicitly {@link tideway.ipam.v1.ReleasePrefixResponse.verify|verify} messages.
                 * @param message ReleasePrefixResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.ReleasePrefixResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ReleasePrefixResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleasePrefixResponse & tideway.ipam.v1.ReleasePrefixResponse.$Shape} ReleasePrefixResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.ReleasePrefixResponse & tideway.ipam.v1.ReleasePrefixResponse.$Shape;
            }

            namespace ReleasePrefixResponse {

                /** Properties of a ReleasePrefixResponse. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ReleasePrefixResponse. */
                type $Shape = tideway.ipam.v1.ReleasePrefixResponse.$Properties;
            }

            /**
             * Properties of an AcquireAddressRequest.
             * @deprecated Use tideway.ipam.v1.AcquireAddressRequest.$Properties instead.
             */
            interface IAcquireAddressRequest extends tideway.ipam.v1.AcquireAddressRequest.$Properties {
            }

            /** Represents an AcquireAddressRequest. */
            class AcquireAddressRequest {

                /**
                 * Constructs a new AcquireAddressRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.AcquireAddressRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AcquireAddressRequest owner. */
                owner: string;

                /**
                 * Creates a new AcquireAddressRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AcquireAddressRequest instance
                 */
                static create(properties: tideway.ipam.v1.AcquireAddressRequest.$Shape): tideway.ipam.v1.AcquireAddressRequest & tideway.ipam.v1.AcquireAddressRequest.$Shape;
                static create(properties?: tideway.ipam.v1.AcquireAddressRequest.$Properties): tideway.ipam.v1.AcquireAddressRequest;

                /**
                 * Encodes the specified AcquireAddressRequest message. Does not implicitly {@link tideway.ipam.v1.AcquireAddressRequest.verify|verify} messages.
                 * @param message AcquireAddressRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.AcquireAddressRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AcquireAddressRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquireAddressRequest & tideway.ipam.v1.AcquireAddressRequest.$Shape} AcquireAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.AcquireAddressRequest & tideway.ipam.v1.AcquireAddressRequest.$Shape;
            }

            namespace AcquireAddressRequest {

                /** Properties of an AcquireAddressRequest. */
                interface $Properties {

                    /** AcquireAddressRequest owner */
                    owner?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AcquireAddressRequest. */
                type $Shape = tideway.ipam.v1.AcquireAddressRequest.$Properties;
            }

            /**
             * Properties of an AcquireAddressResponse.
             * @deprecated Use tideway.ipam.v1.AcquireAddressResponse.$Properties instead.
             */
            interface IAcquireAddressResponse extends tideway.ipam.v1.AcquireAddressResponse.$Properties {
            }

            /** Represents an AcquireAddressResponse. */
            class AcquireAddressResponse {

                /**
                 * Constructs a new AcquireAddressResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.AcquireAddressResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** AcquireAddressResponse address. */
                address: string;

                /**
                 * Creates a new AcquireAddressResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns AcquireAddressResponse instance
                 */
                static create(properties: tideway.ipam.v1.AcquireAddressResponse.$Shape): tideway.ipam.v1.AcquireAddressResponse & tideway.ipam.v1.AcquireAddressResponse.$Shape;
                static create(properties?: tideway.ipam.v1.AcquireAddressResponse.$Properties): tideway.ipam.v1.AcquireAddressResponse;

                /**
                 * Encodes the specified AcquireAddressResponse message. Does not implicitly {@link tideway.ipam.v1.AcquireAddressResponse.verify|verify} messages.
                 * @param message AcquireAddressResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.AcquireAddressResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an AcquireAddressResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquireAddressResponse & tideway.ipam.v1.AcquireAddressResponse.$Shape} AcquireAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.AcquireAddressResponse & tideway.ipam.v1.AcquireAddressResponse.$Shape;
            }

            namespace AcquireAddressResponse {

                /** Properties of an AcquireAddressResponse. */
                interface $Properties {

                    /** AcquireAddressResponse address */
                    address?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an AcquireAddressResponse. */
                type $Shape = tideway.ipam.v1.AcquireAddressResponse.$Properties;
            }

            /**
             * Properties of a ReleaseAddressRequest.
             * @deprecated Use tideway.ipam.v1.ReleaseAddressRequest.$Properties instead.
             */
            interface IReleaseAddressRequest extends tideway.ipam.v1.ReleaseAddressRequest.$Properties {
            }

            /** Represents a ReleaseAddressRequest. */
            class ReleaseAddressRequest {

                /**
                 * Constructs a new ReleaseAddressRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.ReleaseAddressRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** ReleaseAddressRequest owner. */
                owner: string;

                /**
                 * Creates a new ReleaseAddressRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ReleaseAddressRequest instance
                 */
                static create(properties: tideway.ipam.v1.ReleaseAddressRequest.$Shape): tideway.ipam.v1.ReleaseAddressRequest & tideway.ipam.v1.ReleaseAddressRequest.$Shape;
                static create(properties?: tideway.ipam.v1.ReleaseAddressRequest.$Properties): tideway.ipam.v1.ReleaseAddressRequest;

                /**
                 * Encodes the specified ReleaseAddressRequest message. Does not implicitly {@link tideway.ipam.v1.ReleaseAddressRequest.verify|verify} messages.
                 * @param message ReleaseAddressRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.ReleaseAddressRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ReleaseAddressRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleaseAddressRequest & tideway.ipam.v1.ReleaseAddressRequest.$Shape} ReleaseAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.ReleaseAddressRequest & tideway.ipam.v1.ReleaseAddressRequest.$Shape;
            }

            namespace ReleaseAddressRequest {

                /** Properties of a ReleaseAddressRequest. */
                interface $Properties {

                    /** ReleaseAddressRequest owner */
                    owner?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ReleaseAddressRequest. */
                type $Shape = tideway.ipam.v1.ReleaseAddressRequest.$Properties;
            }

            /**
             * Properties of a ReleaseAddressResponse.
             * @deprecated Use tideway.ipam.v1.ReleaseAddressResponse.$Properties instead.
             */
            interface IReleaseAddressResponse extends tideway.ipam.v1.ReleaseAddressResponse.$Properties {
            }

            /** Represents a ReleaseAddressResponse. */
            class ReleaseAddressResponse {

                /**
                 * Constructs a new ReleaseAddressResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.ReleaseAddressResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Creates a new ReleaseAddressResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns ReleaseAddressResponse instance
                 */
                static create(properties: tideway.ipam.v1.ReleaseAddressResponse.$Shape): tideway.ipam.v1.ReleaseAddressResponse & tideway.ipam.v1.ReleaseAddressResponse.$Shape;
                static create(properties?: tideway.ipam.v1.ReleaseAddressResponse.$Properties): tideway.ipam.v1.ReleaseAddressResponse;

                /**
                 * Encodes the specified ReleaseAddressResponse message. Does not implicitly {@link tideway.ipam.v1.ReleaseAddressResponse.verify|verify} messages.
                 * @param message ReleaseAddressResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.ReleaseAddressResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a ReleaseAddressResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleaseAddressResponse & tideway.ipam.v1.ReleaseAddressResponse.$Shape} ReleaseAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.ReleaseAddressResponse & tideway.ipam.v1.ReleaseAddressResponse.$Shape;
            }

            namespace ReleaseAddressResponse {

                /** Properties of a ReleaseAddressResponse. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a ReleaseAddressResponse. */
                type $Shape = tideway.ipam.v1.ReleaseAddressResponse.$Properties;
            }

            /**
             * Properties of a MapAddressRequest.
             * @deprecated Use tideway.ipam.v1.MapAddressRequest.$Properties instead.
             */
            interface IMapAddressRequest extends tideway.ipam.v1.MapAddressRequest.$Properties {
            }

            /** Represents a MapAddressRequest. */
            class MapAddressRequest {

                /**
                 * Constructs a new MapAddressRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.MapAddressRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** MapAddressRequest address. */
                address: string;

                /** MapAddressRequest peer. */
                peer: string;

                /** MapAddressRequest namespace. */
                namespace: string;

                /**
                 * Creates a new MapAddressRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns MapAddressRequest instance
                 */
                static create(properties: tideway.ipam.v1.MapAddressRequest.$Shape): tideway.ipam.v1.MapAddressRequest & tideway.ipam.v1.MapAddressRequest.$Shape;
                static create(properties?: tideway.ipam.v1.MapAddressRequest.$Properties): tideway.ipam.v1.MapAddressRequest;

                /**
                 * Encodes the specified MapAddressRequest message. Does not implicitly {@link tideway.ipam.v1.MapAddressRequest.verify|verify} messages.
                 * @param message MapAddressRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.MapAddressRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a MapAddressRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.MapAddressRequest & tideway.ipam.v1.MapAddressRequest.$Shape} MapAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.MapAddressRequest & tideway.ipam.v1.MapAddressRequest.$Shape;
            }

            namespace MapAddressRequest {

                /** Properties of a MapAddressRequest. */
                interface $Properties {

                    /** MapAddressRequest address */
                    address?: (string|null);

                    /** MapAddressRequest peer */
                    peer?: (string|null);

                    /** MapAddressRequest namespace */
                    namespace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a MapAddressRequest. */
                type $Shape = tideway.ipam.v1.MapAddressRequest.$Properties;
            }

            /**
             * Properties of a MapAddressResponse.
             * @deprecated Use tideway.ipam.v1.MapAddressResponse.$Properties instead.
             */
            interface IMapAddressResponse extends tideway.ipam.v1.MapAddressResponse.$Properties {
            }

            /** Represents a MapAddressResponse. */
            class MapAddressResponse {

                /**
                 * Constructs a new MapAddressResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.MapAddressResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** MapAddressResponse external. */
                external: string;

                /**
                 * Creates a new MapAddressResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns MapAddressResponse instance
                 */
                static create(properties: tideway.ipam.v1.MapAddressResponse.$Shape): tideway.ipam.v1.MapAddressResponse & tideway.ipam.v1.MapAddressResponse.$Shape;
                static create(properties?: tideway.ipam.v1.MapAddressResponse.$Properties): tideway.ipam.v1.MapAddressResponse;

                /**
                 * Encodes the specified MapAddressResponse message. Does not implicitly {@link tideway.ipam.v1.MapAddressResponse.verify|verify} messages.
                 * @param message MapAddressResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.MapAddressResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a MapAddressResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.MapAddressResponse & tideway.ipam.v1.MapAddressResponse.$Shape} MapAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.MapAddressResponse & tideway.ipam.v1.MapAddressResponse.$Shape;
            }

            namespace MapAddressResponse {

                /** Properties of a MapAddressResponse. */
                interface $Properties {

                    /** MapAddressResponse external */
                    external?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a MapAddressResponse. */
                type $Shape = tideway.ipam.v1.MapAddressResponse.$Properties;
            }

            /**
             * Properties of an UnmapAddressRequest.
             * @deprecated Use tideway.ipam.v1.UnmapAddressRequest.$Properties instead.
             */
            interface IUnmapAddressRequest extends tideway.ipam.v1.UnmapAddressRequest.$Properties {
            }

            /** Represents an UnmapAddressRequest. */
            class UnmapAddressRequest {

                /**
                 * Constructs a new UnmapAddressRequest.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.UnmapAddressRequest.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** UnmapAddressRequest address. */
                address: string;

                /** UnmapAddressRequest peer. */
                peer: string;

                /** UnmapAddressRequest namespace. */
                namespace: string;

                /**
                 * Creates a new UnmapAddressRequest instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns UnmapAddressRequest instance
                 */
                static create(properties: tideway.ipam.v1.UnmapAddressRequest.$Shape): tideway.ipam.v1.UnmapAddressRequest & tideway.ipam.v1.UnmapAddressRequest.$Shape;
                static create(properties?: tideway.ipam.v1.UnmapAddressRequest.$Properties): tideway.ipam.v1.UnmapAddressRequest;

                /**
                 * Encodes the specified UnmapAddressRequest message. Does not implicitly {@link tideway.ipam.v1.UnmapAddressRequest.verify|verify} messages.
                 * @param message UnmapAddressRequest message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.UnmapAddressRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an UnmapAddressRequest message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.UnmapAddressRequest & tideway.ipam.v1.UnmapAddressRequest.$Shape} UnmapAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.UnmapAddressRequest & tideway.ipam.v1.UnmapAddressRequest.$Shape;
            }

            namespace UnmapAddressRequest {

                /** Properties of an UnmapAddressRequest. */
                interface $Properties {

                    /** UnmapAddressRequest address */
                    address?: (string|null);

                    /** UnmapAddressRequest peer */
                    peer?: (string|null);

                    /** UnmapAddressRequest namespace */
                    namespace?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an UnmapAddressRequest. */
                type $Shape = tideway.ipam.v1.UnmapAddressRequest.$Properties;
            }

            /**
             * Properties of an UnmapAddressResponse.
             * @deprecated Use tideway.ipam.v1.UnmapAddressResponse.$Properties instead.
             */
            interface IUnmapAddressResponse extends tideway.ipam.v1.UnmapAddressResponse.$Properties {
            }

            /** Represents an UnmapAddressResponse. */
            class UnmapAddressResponse {

                /**
                 * Constructs a new UnmapAddressResponse.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: tideway.ipam.v1.UnmapAddressResponse.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /**
                 * Creates a new UnmapAddressResponse instance using the specified properties.
                 * @param [properties] Properties to set
                 * @returns UnmapAddressResponse instance
                 */
                static create(properties: tideway.ipam.v1.UnmapAddressResponse.$Shape): tideway.ipam.v1.UnmapAddressResponse & tideway.ipam.v1.UnmapAddressResponse.$Shape;
                static create(properties?: tideway.ipam.v1.UnmapAddressResponse.$Properties): tideway.ipam.v1.UnmapAddressResponse;

                /**
                 * Encodes the specified UnmapAddressResponse message. Does not implicitly {@link tideway.ipam.v1.UnmapAddressResponse.verify|verify} messages.
                 * @param message UnmapAddressResponse message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: tideway.ipam.v1.UnmapAddressResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an UnmapAddressResponse message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.UnmapAddressResponse & tideway.ipam.v1.UnmapAddressResponse.$Shape} UnmapAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): tideway.ipam.v1.UnmapAddressResponse & tideway.ipam.v1.UnmapAddressResponse.$Shape;
            }

            namespace UnmapAddressResponse {

                /** Properties of an UnmapAddressResponse. */
                interface $Properties {

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an UnmapAddressResponse. */
                type $Shape = tideway.ipam.v1.UnmapAddressResponse.$Properties;
            }
        }
    }
}
