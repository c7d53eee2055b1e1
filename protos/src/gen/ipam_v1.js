/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["tideway_ipam_v1"] || ($protobuf.roots["tideway_ipam_v1"] = {});

export const tideway = $root.tideway = (() => {

    /**
     * Namespace tideway.
     * @exports tideway
     * @namespace
     */
    const tideway = {};

    tideway.ipam = (function() {

        /**
         * Namespace ipam.
         * @memberof tideway
         * @namespace
         */
        const ipam = {};

        ipam.v1 = (function() {

            /**
             * Namespace v1.
             * @memberof tideway.ipam
             * @namespace
             */
            const v1 = {};

            v1.AcquirePrefixRequest = (function() {

                /**
                 * Properties of an AcquirePrefixRequest.
                 * @typedef {Object} tideway.ipam.v1.AcquirePrefixRequest.$Properties
                 * @property {string|null} [owner] AcquirePrefixRequest owner
                 * @property {string|null} [wanted] AcquirePrefixRequest wanted
                 * @property {number|null} [length] AcquirePrefixRequest length
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AcquirePrefixRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IAcquirePrefixRequest
                 * @augments tideway.ipam.v1.AcquirePrefixRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.AcquirePrefixRequest.$Properties instead.
                 */

                /**
                 * Shape of an AcquirePrefixRequest.
                 * @typedef {tideway.ipam.v1.AcquirePrefixRequest.$Properties} tideway.ipam.v1.AcquirePrefixRequest.$Shape
                 */

                /**
                 * Constructs a new AcquirePrefixRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an AcquirePrefixRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.AcquirePrefixRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AcquirePrefixRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AcquirePrefixRequest owner.
                 * @member {string} owner
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @instance
                 */
                AcquirePrefixRequest.prototype.owner = "";

                /**
                 * AcquirePrefixRequest wanted.
                 * @member {string} wanted
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @instance
                 */
                AcquirePrefixRequest.prototype.wanted = "";

                /**
                 * AcquirePrefixRequest length.
                 * @member {number} length
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @instance
                 */
                AcquirePrefixRequest.prototype.length = 0;

                /**
                 * Creates a new AcquirePrefixRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @static
                 * @param {tideway.ipam.v1.AcquirePrefixRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.AcquirePrefixRequest} AcquirePrefixRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.AcquirePrefixRequest.$Shape): tideway.ipam.v1.AcquirePrefixRequest & tideway.ipam.v1.AcquirePrefixRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.AcquirePrefixRequest.$Properties): tideway.ipam.v1.AcquirePrefixRequest;
                 * }}
                 */
                AcquirePrefixRequest.create = function(properties) {
                    return new AcquirePrefixRequest(properties);
                };

                /**
                 * Encodes the specified AcquirePrefixRequest message. Does not implicitly {@link tideway.ipam.v1.AcquirePrefixRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @static
                 * @param {tideway.ipam.v1.AcquirePrefixRequest.$Properties} message AcquirePrefixRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AcquirePrefixRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.owner != null && $Object.hasOwnProperty.call(message, "owner") && message.owner !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.owner);
                    if (message.wanted != null && $Object.hasOwnProperty.call(message, "wanted") && message.wanted !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.wanted);
                    if (message.length != null && $Object.hasOwnProperty.call(message, "length") && message.length !== 0)
                        writer.uint32(/* id 3, wireType 0 =*/24).uint32(message.length);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AcquirePrefixRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.AcquirePrefixRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquirePrefixRequest & tideway.ipam.v1.AcquirePrefixRequest.$Shape} AcquirePrefixRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AcquirePrefixRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.AcquirePrefixRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.owner = value;
                                else
                                    delete message.owner;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.wanted = value;
                                else
                                    delete message.wanted;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 0)
                                    break;
                                if (value = reader.uint32())
                                    message.length = value;
                                else
                                    delete message.length;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return AcquirePrefixRequest;
            })();

            v1.AcquirePrefixResponse = (function() {

                /**
                 * Properties of an AcquirePrefixResponse.
                 * @typedef {Object} tideway.ipam.v1.AcquirePrefixResponse.$Properties
                 * @property {string|null} [prefix] AcquirePrefixResponse prefix
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AcquirePrefixResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IAcquirePrefixResponse
                 * @augments tideway.ipam.v1.AcquirePrefixResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.AcquirePrefixResponse.$Properties instead.
                 */

                /**
                 * Shape of an AcquirePrefixResponse.
                 * @typedef {tideway.ipam.v1.AcquirePrefixResponse.$Properties} tideway.ipam.v1.AcquirePrefixResponse.$Shape
                 */

                /**
                 * Constructs a new AcquirePrefixResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an AcquirePrefixResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.AcquirePrefixResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AcquirePrefixResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AcquirePrefixResponse prefix.
                 * @member {string} prefix
                 * @memberof tideway.ipam.v1.AcquirePrefixResponse
                 * @instance
                 */
                AcquirePrefixResponse.prototype.prefix = "";

                /**
                 * Creates a new AcquirePrefixResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.AcquirePrefixResponse
                 * @static
                 * @param {tideway.ipam.v1.AcquirePrefixResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.AcquirePrefixResponse} AcquirePrefixResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.AcquirePrefixResponse.$Shape): tideway.ipam.v1.AcquirePrefixResponse & tideway.ipam.v1.AcquirePrefixResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.AcquirePrefixResponse.$Properties): tideway.ipam.v1.AcquirePrefixResponse;
                 * }}
                 */
                AcquirePrefixResponse.create = function(properties) {
                    return new AcquirePrefixResponse(properties);
                };

                /**
                 * Encodes the specified AcquirePrefixResponse message. Does not implicitly {@link tideway.ipam.v1.AcquirePrefixResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.AcquirePrefixResponse
                 * @static
                 * @param {tideway.ipam.v1.AcquirePrefixResponse.$Properties} message AcquirePrefixResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AcquirePrefixResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.prefix != null && $Object.hasOwnProperty.call(message, "prefix") && message.prefix !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.prefix);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AcquirePrefixResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.AcquirePrefixResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquirePrefixResponse & tideway.ipam.v1.AcquirePrefixResponse.$Shape} AcquirePrefixResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AcquirePrefixResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.AcquirePrefixResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.prefix = value;
                                else
                                    delete message.prefix;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return AcquirePrefixResponse;
            })();

            v1.ReleasePrefixRequest = (function() {

                /**
                 * Properties of a ReleasePrefixRequest.
                 * @typedef {Object} tideway.ipam.v1.ReleasePrefixRequest.$Properties
                 * @property {string|null} [owner] ReleasePrefixRequest owner
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ReleasePrefixRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IReleasePrefixRequest
                 * @augments tideway.ipam.v1.ReleasePrefixRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.ReleasePrefixRequest.$Properties instead.
                 */

                /**
                 * Shape of a ReleasePrefixRequest.
                 * @typedef {tideway.ipam.v1.ReleasePrefixRequest.$Properties} tideway.ipam.v1.ReleasePrefixRequest.$Shape
                 */

                /**
                 * Constructs a new ReleasePrefixRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a ReleasePrefixRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.ReleasePrefixRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ReleasePrefixRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * ReleasePrefixRequest owner.
                 * @member {string} owner
                 * @memberof tideway.ipam.v1.ReleasePrefixRequest
                 * @instance
                 */
                ReleasePrefixRequest.prototype.owner = "";

                /**
                 * Creates a new ReleasePrefixRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.ReleasePrefixRequest
                 * @static
                 * @param {tideway.ipam.v1.ReleasePrefixRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.ReleasePrefixRequest} ReleasePrefixRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.ReleasePrefixRequest.$Shape): tideway.ipam.v1.ReleasePrefixRequest & tideway.ipam.v1.ReleasePrefixRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.ReleasePrefixRequest.$Properties): tideway.ipam.v1.ReleasePrefixRequest;
                 * }}
                 */
                ReleasePrefixRequest.create = function(properties) {
                    return new ReleasePrefixRequest(properties);
                };

                /**
                 * Encodes the specified ReleasePrefixRequest message. Does not implicitly {@link tideway.ipam.v1.ReleasePrefixRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.ReleasePrefixRequest
                 * @static
                 * @param {tideway.ipam.v1.ReleasePrefixRequest.$Properties} message ReleasePrefixRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ReleasePrefixRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.owner != null && $Object.hasOwnProperty.call(message, "owner") && message.owner !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.owner);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ReleasePrefixRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.ReleasePrefixRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleasePrefixRequest & tideway.ipam.v1.ReleasePrefixRequest.$Shape} ReleasePrefixRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ReleasePrefixRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.ReleasePrefixRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.owner = value;
                                else
                                    delete message.owner;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return ReleasePrefixRequest;
            })();

            v1.ReleasePrefixResponse = (function() {

                /**
                 * Properties of a ReleasePrefixResponse.
                 * @typedef {Object} tideway.ipam.v1.ReleasePrefixResponse.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ReleasePrefixResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IReleasePrefixResponse
                 * @augments tideway.ipam.v1.ReleasePrefixResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.ReleasePrefixResponse.$Properties instead.
                 */

                /**
                 * Shape of a ReleasePrefixResponse.
                 * @typedef {tideway.ipam.v1.ReleasePrefixResponse.$Properties} tideway.ipam.v1.ReleasePrefixResponse.$Shape
                 */

                /**
                 * Constructs a new ReleasePrefixResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a ReleasePrefixResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.ReleasePrefixResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ReleasePrefixResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Creates a new ReleasePrefixResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.ReleasePrefixResponse
                 * @static
                 * @param {tideway.ipam.v1.ReleasePrefixResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.ReleasePrefixResponse} ReleasePrefixResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.ReleasePrefixResponse.$Shape): tideway.ipam.v1.ReleasePrefixResponse & tideway.ipam.v1.ReleasePrefixResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.ReleasePrefixResponse.$Properties): tideway.ipam.v1.ReleasePrefixResponse;
                 * }}
                 */
                ReleasePrefixResponse.create = function(properties) {
                    return new ReleasePrefixResponse(properties);
                };

                /**
                 * Encodes the specified ReleasePrefixResponse message. Does not implicitly {@link tideway.ipam.v1.ReleasePrefixResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.ReleasePrefixResponse
                 * @static
                 * @param {tideway.ipam.v1.ReleasePrefixResponse.$Properties} message ReleasePrefixResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ReleasePrefixResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ReleasePrefixResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.ReleasePrefixResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleasePrefixResponse & tideway.ipam.v1.ReleasePrefixResponse.$Shape} ReleasePrefixResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ReleasePrefixResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.ReleasePrefixResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return ReleasePrefixResponse;
            })();

            v1.AcquireAddressRequest = (function() {

                /**
                 * Properties of an AcquireAddressRequest.
                 * @typedef {Object} tideway.ipam.v1.AcquireAddressRequest.$Properties
                 * @property {string|null} [owner] AcquireAddressRequest owner
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AcquireAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IAcquireAddressRequest
                 * @augments tideway.ipam.v1.AcquireAddressRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.AcquireAddressRequest.$Properties instead.
                 */

                /**
                 * Shape of an AcquireAddressRequest.
                 * @typedef {tideway.ipam.v1.AcquireAddressRequest.$Properties} tideway.ipam.v1.AcquireAddressRequest.$Shape
                 */

                /**
                 * Constructs a new AcquireAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an AcquireAddressRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.AcquireAddressRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AcquireAddressRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AcquireAddressRequest owner.
                 * @member {string} owner
                 * @memberof tideway.ipam.v1.AcquireAddressRequest
                 * @instance
                 */
                AcquireAddressRequest.prototype.owner = "";

                /**
                 * Creates a new AcquireAddressRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.AcquireAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.AcquireAddressRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.AcquireAddressRequest} AcquireAddressRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.AcquireAddressRequest.$Shape): tideway.ipam.v1.AcquireAddressRequest & tideway.ipam.v1.AcquireAddressRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.AcquireAddressRequest.$Properties): tideway.ipam.v1.AcquireAddressRequest;
                 * }}
                 */
                AcquireAddressRequest.create = function(properties) {
                    return new AcquireAddressRequest(properties);
                };

                /**
                 * Encodes the specified AcquireAddressRequest message. Does not implicitly {@link tideway.ipam.v1.AcquireAddressRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.AcquireAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.AcquireAddressRequest.$Properties} message AcquireAddressRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AcquireAddressRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.owner != null && $Object.hasOwnProperty.call(message, "owner") && message.owner !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.owner);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AcquireAddressRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.AcquireAddressRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquireAddressRequest & tideway.ipam.v1.AcquireAddressRequest.$Shape} AcquireAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AcquireAddressRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.AcquireAddressRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.owner = value;
                                else
                                    delete message.owner;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return AcquireAddressRequest;
            })();

            v1.AcquireAddressResponse = (function() {

                /**
                 * Properties of an AcquireAddressResponse.
                 * @typedef {Object} tideway.ipam.v1.AcquireAddressResponse.$Properties
                 * @property {string|null} [address] AcquireAddressResponse address
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AcquireAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IAcquireAddressResponse
                 * @augments tideway.ipam.v1.AcquireAddressResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.AcquireAddressResponse.$Properties instead.
                 */

                /**
                 * Shape of an AcquireAddressResponse.
                 * @typedef {tideway.ipam.v1.AcquireAddressResponse.$Properties} tideway.ipam.v1.AcquireAddressResponse.$Shape
                 */

                /**
                 * Constructs a new AcquireAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an AcquireAddressResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.AcquireAddressResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AcquireAddressResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AcquireAddressResponse address.
                 * @member {string} address
                 * @memberof tideway.ipam.v1.AcquireAddressResponse
                 * @instance
                 */
                AcquireAddressResponse.prototype.address = "";

                /**
                 * Creates a new AcquireAddressResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.AcquireAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.AcquireAddressResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.AcquireAddressResponse} AcquireAddressResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.AcquireAddressResponse.$Shape): tideway.ipam.v1.AcquireAddressResponse & tideway.ipam.v1.AcquireAddressResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.AcquireAddressResponse.$Properties): tideway.ipam.v1.AcquireAddressResponse;
                 * }}
                 */
                AcquireAddressResponse.create = function(properties) {
                    return new AcquireAddressResponse(properties);
                };

                /**
                 * Encodes the specified AcquireAddressResponse message. Does not implicitly {@link tideway.ipam.v1.AcquireAddressResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.AcquireAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.AcquireAddressResponse.$Properties} message AcquireAddressResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AcquireAddressResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.address);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AcquireAddressResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.AcquireAddressResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.AcquireAddressResponse & tideway.ipam.v1.AcquireAddressResponse.$Shape} AcquireAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AcquireAddressResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.AcquireAddressResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.address = value;
                                else
                                    delete message.address;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return AcquireAddressResponse;
            })();

            v1.ReleaseAddressRequest = (function() {

                /**
                 * Properties of a ReleaseAddressRequest.
                 * @typedef {Object} tideway.ipam.v1.ReleaseAddressRequest.$Properties
                 * @property {string|null} [owner] ReleaseAddressRequest owner
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ReleaseAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IReleaseAddressRequest
                 * @augments tideway.ipam.v1.ReleaseAddressRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.ReleaseAddressRequest.$Properties instead.
                 */

                /**
                 * Shape of a ReleaseAddressRequest.
                 * @typedef {tideway.ipam.v1.ReleaseAddressRequest.$Properties} tideway.ipam.v1.ReleaseAddressRequest.$Shape
                 */

                /**
                 * Constructs a new ReleaseAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a ReleaseAddressRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.ReleaseAddressRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ReleaseAddressRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * ReleaseAddressRequest owner.
                 * @member {string} owner
                 * @memberof tideway.ipam.v1.ReleaseAddressRequest
                 * @instance
                 */
                ReleaseAddressRequest.prototype.owner = "";

                /**
                 * Creates a new ReleaseAddressRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.ReleaseAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.ReleaseAddressRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.ReleaseAddressRequest} ReleaseAddressRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.ReleaseAddressRequest.$Shape): tideway.ipam.v1.ReleaseAddressRequest & tideway.ipam.v1.ReleaseAddressRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.ReleaseAddressRequest.$Properties): tideway.ipam.v1.ReleaseAddressRequest;
                 * }}
                 */
                ReleaseAddressRequest.create = function(properties) {
                    return new ReleaseAddressRequest(properties);
                };

                /**
                 * Encodes the specified ReleaseAddressRequest message. Does not implicitly {@link tideway.ipam.v1.ReleaseAddressRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.ReleaseAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.ReleaseAddressRequest.$Properties} message ReleaseAddressRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ReleaseAddressRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.owner != null && $Object.hasOwnProperty.call(message, "owner") && message.owner !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.owner);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ReleaseAddressRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.ReleaseAddressRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleaseAddressRequest & tideway.ipam.v1.ReleaseAddressRequest.$Shape} ReleaseAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ReleaseAddressRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.ReleaseAddressRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.owner = value;
                                else
                                    delete message.owner;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return ReleaseAddressRequest;
            })();

            v1.ReleaseAddressResponse = (function() {

                /**
                 * Properties of a ReleaseAddressResponse.
                 * @typedef {Object} tideway.ipam.v1.ReleaseAddressResponse.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ReleaseAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IReleaseAddressResponse
                 * @augments tideway.ipam.v1.ReleaseAddressResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.ReleaseAddressResponse.$Properties instead.
                 */

                /**
                 * Shape of a ReleaseAddressResponse.
                 * @typedef {tideway.ipam.v1.ReleaseAddressResponse.$Properties} tideway.ipam.v1.ReleaseAddressResponse.$Shape
                 */

                /**
                 * Constructs a new ReleaseAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a ReleaseAddressResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.ReleaseAddressResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ReleaseAddressResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Creates a new ReleaseAddressResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.ReleaseAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.ReleaseAddressResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.ReleaseAddressResponse} ReleaseAddressResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.ReleaseAddressResponse.$Shape): tideway.ipam.v1.ReleaseAddressResponse & tideway.ipam.v1.ReleaseAddressResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.ReleaseAddressResponse.$Properties): tideway.ipam.v1.ReleaseAddressResponse;
                 * }}
                 */
                ReleaseAddressResponse.create = function(properties) {
                    return new ReleaseAddressResponse(properties);
                };

                /**
                 * Encodes the specified ReleaseAddressResponse message. Does not implicitly {@link tideway.ipam.v1.ReleaseAddressResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.ReleaseAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.ReleaseAddressResponse.$Properties} message ReleaseAddressResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ReleaseAddressResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ReleaseAddressResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.ReleaseAddressResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.ReleaseAddressResponse & tideway.ipam.v1.ReleaseAddressResponse.$Shape} ReleaseAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ReleaseAddressResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.ReleaseAddressResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return ReleaseAddressResponse;
            })();

            v1.MapAddressRequest = (function() {

                /**
                 * Properties of a MapAddressRequest.
                 * @typedef {Object} tideway.ipam.v1.MapAddressRequest.$Properties
                 * @property {string|null} [address] MapAddressRequest address
                 * @property {string|null} [peer] MapAddressRequest peer
                 * @property {string|null} [namespace] MapAddressRequest namespace
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a MapAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IMapAddressRequest
                 * @augments tideway.ipam.v1.MapAddressRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.MapAddressRequest.$Properties instead.
                 */

                /**
                 * Shape of a MapAddressRequest.
                 * @typedef {tideway.ipam.v1.MapAddressRequest.$Properties} tideway.ipam.v1.MapAddressRequest.$Shape
                 */

                /**
                 * Constructs a new MapAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a MapAddressRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.MapAddressRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const MapAddressRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * MapAddressRequest address.
                 * @member {string} address
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @instance
                 */
                MapAddressRequest.prototype.address = "";

                /**
                 * MapAddressRequest peer.
                 * @member {string} peer
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @instance
                 */
                MapAddressRequest.prototype.peer = "";

                /**
                 * MapAddressRequest namespace.
                 * @member {string} namespace
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @instance
                 */
                MapAddressRequest.prototype.namespace = "";

                /**
                 * Creates a new MapAddressRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.MapAddressRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.MapAddressRequest} MapAddressRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.MapAddressRequest.$Shape): tideway.ipam.v1.MapAddressRequest & tideway.ipam.v1.MapAddressRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.MapAddressRequest.$Properties): tideway.ipam.v1.MapAddressRequest;
                 * }}
                 */
                MapAddressRequest.create = function(properties) {
                    return new MapAddressRequest(properties);
                };

                /**
                 * Encodes the specified MapAddressRequest message. Does not implicitly {@link tideway.ipam.v1.MapAddressRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.MapAddressRequest.$Properties} message MapAddressRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                MapAddressRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.address);
                    if (message.peer != null && $Object.hasOwnProperty.call(message, "peer") && message.peer !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.peer);
                    if (message.namespace != null && $Object.hasOwnProperty.call(message, "namespace") && message.namespace !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.namespace);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a MapAddressRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.MapAddressRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.MapAddressRequest & tideway.ipam.v1.MapAddressRequest.$Shape} MapAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                MapAddressRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.MapAddressRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.address = value;
                                else
                                    delete message.address;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.peer = value;
                                else
                                    delete message.peer;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.namespace = value;
                                else
                                    delete message.namespace;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return MapAddressRequest;
            })();

            v1.MapAddressResponse = (function() {

                /**
                 * Properties of a MapAddressResponse.
                 * @typedef {Object} tideway.ipam.v1.MapAddressResponse.$Properties
                 * @property {string|null} [external] MapAddressResponse external
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a MapAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IMapAddressResponse
                 * @augments tideway.ipam.v1.MapAddressResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.MapAddressResponse.$Properties instead.
                 */

                /**
                 * Shape of a MapAddressResponse.
                 * @typedef {tideway.ipam.v1.MapAddressResponse.$Properties} tideway.ipam.v1.MapAddressResponse.$Shape
                 */

                /**
                 * Constructs a new MapAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents a MapAddressResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.MapAddressResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const MapAddressResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * MapAddressResponse external.
                 * @member {string} external
                 * @memberof tideway.ipam.v1.MapAddressResponse
                 * @instance
                 */
                MapAddressResponse.prototype.external = "";

                /**
                 * Creates a new MapAddressResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.MapAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.MapAddressResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.MapAddressResponse} MapAddressResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.MapAddressResponse.$Shape): tideway.ipam.v1.MapAddressResponse & tideway.ipam.v1.MapAddressResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.MapAddressResponse.$Properties): tideway.ipam.v1.MapAddressResponse;
                 * }}
                 */
                MapAddressResponse.create = function(properties) {
                    return new MapAddressResponse(properties);
                };

                /**
                 * Encodes the specified MapAddressResponse message. Does not implicitly {@link tideway.ipam.v1.MapAddressResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.MapAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.MapAddressResponse.$Properties} message MapAddressResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                MapAddressResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.external != null && $Object.hasOwnProperty.call(message, "external") && message.external !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.external);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a MapAddressResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.MapAddressResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.MapAddressResponse & tideway.ipam.v1.MapAddressResponse.$Shape} MapAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                MapAddressResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.MapAddressResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.external = value;
                                else
                                    delete message.external;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return MapAddressResponse;
            })();

            v1.UnmapAddressRequest = (function() {

                /**
                 * Properties of an UnmapAddressRequest.
                 * @typedef {Object} tideway.ipam.v1.UnmapAddressRequest.$Properties
                 * @property {string|null} [address] UnmapAddressRequest address
                 * @property {string|null} [peer] UnmapAddressRequest peer
                 * @property {string|null} [namespace] UnmapAddressRequest namespace
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an UnmapAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @interface IUnmapAddressRequest
                 * @augments tideway.ipam.v1.UnmapAddressRequest.$Properties
                 * @deprecated Use tideway.ipam.v1.UnmapAddressRequest.$Properties instead.
                 */

                /**
                 * Shape of an UnmapAddressRequest.
                 * @typedef {tideway.ipam.v1.UnmapAddressRequest.$Properties} tideway.ipam.v1.UnmapAddressRequest.$Shape
                 */

                /**
                 * Constructs a new UnmapAddressRequest.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an UnmapAddressRequest.
                 * @constructor
                 * @param {tideway.ipam.v1.UnmapAddressRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const UnmapAddressRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * UnmapAddressRequest address.
                 * @member {string} address
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @instance
                 */
                UnmapAddressRequest.prototype.address = "";

                /**
                 * UnmapAddressRequest peer.
                 * @member {string} peer
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @instance
                 */
                UnmapAddressRequest.prototype.peer = "";

                /**
                 * UnmapAddressRequest namespace.
                 * @member {string} namespace
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @instance
                 */
                UnmapAddressRequest.prototype.namespace = "";

                /**
                 * Creates a new UnmapAddressRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.UnmapAddressRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.UnmapAddressRequest} UnmapAddressRequest instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.UnmapAddressRequest.$Shape): tideway.ipam.v1.UnmapAddressRequest & tideway.ipam.v1.UnmapAddressRequest.$Shape;
                 *   (properties?: tideway.ipam.v1.UnmapAddressRequest.$Properties): tideway.ipam.v1.UnmapAddressRequest;
                 * }}
                 */
                UnmapAddressRequest.create = function(properties) {
                    return new UnmapAddressRequest(properties);
                };

                /**
                 * Encodes the specified UnmapAddressRequest message. Does not implicitly {@link tideway.ipam.v1.UnmapAddressRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @static
                 * @param {tideway.ipam.v1.UnmapAddressRequest.$Properties} message UnmapAddressRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                UnmapAddressRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.address != null && $Object.hasOwnProperty.call(message, "address") && message.address !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.address);
                    if (message.peer != null && $Object.hasOwnProperty.call(message, "peer") && message.peer !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.peer);
                    if (message.namespace != null && $Object.hasOwnProperty.call(message, "namespace") && message.namespace !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.namespace);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an UnmapAddressRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.UnmapAddressRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.UnmapAddressRequest & tideway.ipam.v1.UnmapAddressRequest.$Shape} UnmapAddressRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                UnmapAddressRequest.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message, value;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.UnmapAddressRequest();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        let wireType = tag & 7;
                        switch (tag >>>= 3) {
                        case 1: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.address = value;
                                else
                                    delete message.address;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.peer = value;
                                else
                                    delete message.peer;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.namespace = value;
                                else
                                    delete message.namespace;
                                continue;
                            }
                        }
                        reader.skipType(wireType, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return UnmapAddressRequest;
            })();

            v1.UnmapAddressResponse = (function() {

                /**
                 * Properties of an UnmapAddressResponse.
                 * @typedef {Object} tideway.ipam.v1.UnmapAddressResponse.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an UnmapAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @interface IUnmapAddressResponse
                 * @augments tideway.ipam.v1.UnmapAddressResponse.$Properties
                 * @deprecated Use tideway.ipam.v1.UnmapAddressResponse.$Properties instead.
                 */

                /**
                 * Shape of an UnmapAddressResponse.
                 * @typedef {tideway.ipam.v1.UnmapAddressResponse.$Properties} tideway.ipam.v1.UnmapAddressResponse.$Shape
                 */

                /**
                 * Constructs a new UnmapAddressResponse.
                 * @memberof tideway.ipam.v1
                 * @classdesc Represents an UnmapAddressResponse.
                 * @constructor
                 * @param {tideway.ipam.v1.UnmapAddressResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const UnmapAddressResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Creates a new UnmapAddressResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.ipam.v1.UnmapAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.UnmapAddressResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.ipam.v1.UnmapAddressResponse} UnmapAddressResponse instance
                 * @type {{
                 *   (properties: tideway.ipam.v1.UnmapAddressResponse.$Shape): tideway.ipam.v1.UnmapAddressResponse & tideway.ipam.v1.UnmapAddressResponse.$Shape;
                 *   (properties?: tideway.ipam.v1.UnmapAddressResponse.$Properties): tideway.ipam.v1.UnmapAddressResponse;
                 * }}
                 */
                UnmapAddressResponse.create = function(properties) {
                    return new UnmapAddressResponse(properties);
                };

                /**
                 * Encodes the specified UnmapAddressResponse message. Does not implicitly {@link tideway.ipam.v1.UnmapAddressResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.ipam.v1.UnmapAddressResponse
                 * @static
                 * @param {tideway.ipam.v1.UnmapAddressResponse.$Properties} message UnmapAddressResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                UnmapAddressResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an UnmapAddressResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.ipam.v1.UnmapAddressResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.ipam.v1.UnmapAddressResponse & tideway.ipam.v1.UnmapAddressResponse.$Shape} UnmapAddressResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                UnmapAddressResponse.decode = function (reader, length, _end, _depth, _target) {
                    if (!(reader instanceof $Reader))
                        reader = $Reader.create(reader);
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $Reader.recursionLimit)
                        throw $Error("max depth exceeded");
                    let end, message;
                    if (length === $undefined)
                        end = reader.len;
                    else {
                        end = reader.pos + length;
                        if (end > reader.len)
                            throw $RangeError("index out of range");
                        length = reader.len;
                        reader.len = end;
                    }
                    message = _target || new $root.tideway.ipam.v1.UnmapAddressResponse();
                    while (reader.pos < end) {
                        let start = reader.pos;
                        let tag = reader.tag();
                        if (tag === _end) {
                            _end = $undefined;
                            break;
                        }
                        reader.skipType(tag & 7, _depth, tag);
                        if (!reader.discardUnknown) {
                            $util.makeProp(message, "$unknowns", false);
                            (message.$unknowns || (message.$unknowns = [])).push(reader.raw(start, reader.pos));
                        }
                    }
                    if (length !== $undefined) {
                        if (reader.pos !== end)
                            throw $RangeError("index out of range");
                        reader.len = length;
                    }
                    if (_end !== $undefined)
                        throw $Error("missing end group");
                    return message;
                };

                return UnmapAddressResponse;
            })();

            return v1;
        })();

        return ipam;
    })();

    return tideway;
})();

export {
  $root as default
};
