/*eslint-disable block-scoped-var, id-length, no-control-regex, no-magic-numbers, no-mixed-operators, no-prototype-builtins, no-redeclare, no-shadow, no-var, sort-vars, default-case, jsdoc/require-param*/
import $protobuf from "protobufjs/minimal.js";

// Common aliases
const $Reader = $protobuf.Reader, $Writer = $protobuf.Writer, $util = $protobuf.util;
const $Object = $util.global.Object, $undefined = $util.global.undefined, $Error = $util.global.Error, $RangeError = $util.global.RangeError;

// Exported root namespace
const $root = $protobuf.roots["tideway_auth_v1"] || ($protobuf.roots["tideway_auth_v1"] = {});

export const tideway = $root.tideway = (() => {

    /**
     * Namespace tideway.
     * @exports tideway
     * @namespace
     */
    const tideway = {};

    tideway.auth = (function() {

        /**
         * Namespace auth.
         * @memberof tideway
         * @namespace
         */
        const auth = {};

        auth.v1 = (function() {

            /**
             * Namespace v1.
             * @memberof tideway.auth
             * @namespace
             */
            const v1 = {};

            v1.DescribeRequest = (function() {

                /**
                 * Properties of a DescribeRequest.
                 * @typedef {Object} tideway.auth.v1.DescribeRequest.$Properties
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a DescribeRequest.
                 * @memberof tideway.auth.v1
                 * @interface IDescribeRequest
                 * @augments tideway.auth.v1.DescribeRequest.$Properties
                 * @deprecated Use tideway.auth.v1.DescribeRequest.$Properties instead.
                 */

                /**
                 * Shape of a DescribeRequest.
                 * @typedef {tideway.auth.v1.DescribeRequest.$Properties} tideway.auth.v1.DescribeRequest.$Shape
                 */

                /**
                 * Constructs a new DescribeRequest.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a DescribeRequest.
                 * @constructor
                 * @param {tideway.auth.v1.DescribeRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const DescribeRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Creates a new DescribeRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.DescribeRequest
                 * @static
                 * @param {tideway.auth.v1.DescribeRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.DescribeRequest} DescribeRequest instance
                 * @type {{
                 *   (properties: tideway.auth.v1.DescribeRequest.$Shape): tideway.auth.v1.DescribeRequest & tideway.auth.v1.DescribeRequest.$Shape;
                 *   (properties?: tideway.auth.v1.DescribeRequest.$Properties): tideway.auth.v1.DescribeRequest;
                 * }}
                 */
                DescribeRequest.create = function(properties) {
                    return new DescribeRequest(properties);
                };

                /**
                 * Encodes the specified DescribeRequest message. Does not implicitly {@link tideway.auth.v1.DescribeRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.DescribeRequest
                 * @static
                 * @param {tideway.auth.v1.DescribeRequest.$Properties} message DescribeRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                DescribeRequest.encode = function (message, writer, _depth) {
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
                 * Decodes a DescribeRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.DescribeRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.DescribeRequest & tideway.auth.v1.DescribeRequest.$Shape} DescribeRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                DescribeRequest.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.DescribeRequest();
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

                return DescribeRequest;
            })();

            v1.DescribeResponse = (function() {

                /**
                 * Properties of a DescribeResponse.
                 * @typedef {Object} tideway.auth.v1.DescribeResponse.$Properties
                 * @property {string|null} [clusterId] DescribeResponse clusterId
                 * @property {string|null} [clusterName] DescribeResponse clusterName
                 * @property {number|null} [timeMs] DescribeResponse timeMs
                 * @property {string|null} [protocolVersion] DescribeResponse protocolVersion
                 * @property {Array.<string>|null} [capabilities] DescribeResponse capabilities
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a DescribeResponse.
                 * @memberof tideway.auth.v1
                 * @interface IDescribeResponse
                 * @augments tideway.auth.v1.DescribeResponse.$Properties
                 * @deprecated Use tideway.auth.v1.DescribeResponse.$Properties instead.
                 */

                /**
                 * Shape of a DescribeResponse.
                 * @typedef {tideway.auth.v1.DescribeResponse.$Properties} tideway.auth.v1.DescribeResponse.$Shape
                 */

                /**
                 * Constructs a new DescribeResponse.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a DescribeResponse.
                 * @constructor
                 * @param {tideway.auth.v1.DescribeResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const DescribeResponse = function (properties) {
                    this.capabilities = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * DescribeResponse clusterId.
                 * @member {string} clusterId
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @instance
                 */
                DescribeResponse.prototype.clusterId = "";

                /**
                 * DescribeResponse clusterName.
                 * @member {string} clusterName
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @instance
                 */
                DescribeResponse.prototype.clusterName = "";

                /**
                 * DescribeResponse timeMs.
                 * @member {number} timeMs
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @instance
                 */
                DescribeResponse.prototype.timeMs = 0;

                /**
                 * DescribeResponse protocolVersion.
                 * @member {string} protocolVersion
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @instance
                 */
                DescribeResponse.prototype.protocolVersion = "";

                /**
                 * DescribeResponse capabilities.
                 * @member {Array.<string>} capabilities
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @instance
                 */
                DescribeResponse.prototype.capabilities = $util.emptyArray;

                /**
                 * Creates a new DescribeResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @static
                 * @param {tideway.auth.v1.DescribeResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.DescribeResponse} DescribeResponse instance
                 * @type {{
                 *   (properties: tideway.auth.v1.DescribeResponse.$Shape): tideway.auth.v1.DescribeResponse & tideway.auth.v1.DescribeResponse.$Shape;
                 *   (properties?: tideway.auth.v1.DescribeResponse.$Properties): tideway.auth.v1.DescribeResponse;
                 * }}
                 */
                DescribeResponse.create = function(properties) {
                    return new DescribeResponse(properties);
                };

                /**
                 * Encodes the specified DescribeResponse message. Does not implicitly {@link tideway.auth.v1.DescribeResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @static
                 * @param {tideway.auth.v1.DescribeResponse.$Properties} message DescribeResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                DescribeResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.clusterId != null && $Object.hasOwnProperty.call(message, "clusterId") && message.clusterId !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.clusterId);
                    if (message.clusterName != null && $Object.hasOwnProperty.call(message, "clusterName") && message.clusterName !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.clusterName);
                    if (message.timeMs != null && $Object.hasOwnProperty.call(message, "timeMs") && !$Object.is(message.timeMs, 0))
                        writer.uint32(/* id 3, wireType 1 =*/25).double(message.timeMs);
                    if (message.protocolVersion != null && $Object.hasOwnProperty.call(message, "protocolVersion") && message.protocolVersion !== "")
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.protocolVersion);
                    if (message.capabilities != null && message.capabilities.length)
                        for (let i = 0; i < message.capabilities.length; ++i)
                            writer.uint32(/* id 5, wireType 2 =*/42).string(message.capabilities[i]);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a DescribeResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.DescribeResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.DescribeResponse & tideway.auth.v1.DescribeResponse.$Shape} DescribeResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                DescribeResponse.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.DescribeResponse();
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
                                    message.clusterId = value;
                                else
                                    delete message.clusterId;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.clusterName = value;
                                else
                                    delete message.clusterName;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 1)
                                    break;
                                if (!$Object.is(value = reader.double(), 0))
                                    message.timeMs = value;
                                else
                                    delete message.timeMs;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.protocolVersion = value;
                                else
                                    delete message.protocolVersion;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.capabilities && message.capabilities.length))
                                    message.capabilities = [];
                                message.capabilities.push(reader.stringVerify());
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

                return DescribeResponse;
            })();

            v1.AuthenticateRequest = (function() {

                /**
                 * Properties of an AuthenticateRequest.
                 * @typedef {Object} tideway.auth.v1.AuthenticateRequest.$Properties
                 * @property {string|null} [token] AuthenticateRequest token
                 * @property {string|null} [clusterId] AuthenticateRequest clusterId
                 * @property {string|null} [clusterName] AuthenticateRequest clusterName
                 * @property {Uint8Array|null} [csr] AuthenticateRequest csr
                 * @property {string|null} [authEndpoint] AuthenticateRequest authEndpoint
                 * @property {Array.<string>|null} [pins] AuthenticateRequest pins
                 * @property {tideway.auth.v1.Proof.$Properties|null} [proof] AuthenticateRequest proof
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AuthenticateRequest.
                 * @memberof tideway.auth.v1
                 * @interface IAuthenticateRequest
                 * @augments tideway.auth.v1.AuthenticateRequest.$Properties
                 * @deprecated Use tideway.auth.v1.AuthenticateRequest.$Properties instead.
                 */

                /**
                 * Shape of an AuthenticateRequest.
                 * @typedef {tideway.auth.v1.AuthenticateRequest.$Properties} tideway.auth.v1.AuthenticateRequest.$Shape
                 */

                /**
                 * Constructs a new AuthenticateRequest.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents an AuthenticateRequest.
                 * @constructor
                 * @param {tideway.auth.v1.AuthenticateRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AuthenticateRequest = function (properties) {
                    this.pins = [];
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AuthenticateRequest token.
                 * @member {string} token
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.token = "";

                /**
                 * AuthenticateRequest clusterId.
                 * @member {string} clusterId
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.clusterId = "";

                /**
                 * AuthenticateRequest clusterName.
                 * @member {string} clusterName
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.clusterName = "";

                /**
                 * AuthenticateRequest csr.
                 * @member {Uint8Array} csr
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.csr = $util.newBuffer([]);

                /**
                 * AuthenticateRequest authEndpoint.
                 * @member {string} authEndpoint
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.authEndpoint = "";

                /**
                 * AuthenticateRequest pins.
                 * @member {Array.<string>} pins
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.pins = $util.emptyArray;

                /**
                 * AuthenticateRequest proof.
                 * @member {tideway.auth.v1.Proof.$Properties|null|undefined} proof
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @instance
                 */
                AuthenticateRequest.prototype.proof = null;

                /**
                 * Creates a new AuthenticateRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @static
                 * @param {tideway.auth.v1.AuthenticateRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.AuthenticateRequest} AuthenticateRequest instance
                 * @type {{
                 *   (properties: tideway.auth.v1.AuthenticateRequest.$Shape): tideway.auth.v1.AuthenticateRequest & tideway.auth.v1.AuthenticateRequest.$Shape;
                 *   (properties?: tideway.auth.v1.AuthenticateRequest.$Properties): tideway.auth.v1.AuthenticateRequest;
                 * }}
                 */
                AuthenticateRequest.create = function(properties) {
                    return new AuthenticateRequest(properties);
                };

                /**
                 * Encodes the specified AuthenticateRequest message. Does not implicitly {@link tideway.auth.v1.AuthenticateRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @static
                 * @param {tideway.auth.v1.AuthenticateRequest.$Properties} message AuthenticateRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AuthenticateRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.token != null && $Object.hasOwnProperty.call(message, "token") && message.token !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.token);
                    if (message.clusterId != null && $Object.hasOwnProperty.call(message, "clusterId") && message.clusterId !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.clusterId);
                    if (message.clusterName != null && $Object.hasOwnProperty.call(message, "clusterName") && message.clusterName !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.clusterName);
                    if (message.csr != null && $Object.hasOwnProperty.call(message, "csr") && message.csr.length)
                        writer.uint32(/* id 4, wireType 2 =*/34).bytes(message.csr);
                    if (message.authEndpoint != null && $Object.hasOwnProperty.call(message, "authEndpoint") && message.authEndpoint !== "")
                        writer.uint32(/* id 5, wireType 2 =*/42).string(message.authEndpoint);
                    if (message.pins != null && message.pins.length)
                        for (let i = 0; i < message.pins.length; ++i)
                            writer.uint32(/* id 6, wireType 2 =*/50).string(message.pins[i]);
                    if (message.proof != null && $Object.hasOwnProperty.call(message, "proof"))
                        $root.tideway.auth.v1.Proof.encode(message.proof, writer.uint32(/* id 7, wireType 2 =*/58).fork(), _depth + 1).ldelim();
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AuthenticateRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.AuthenticateRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.AuthenticateRequest & tideway.auth.v1.AuthenticateRequest.$Shape} AuthenticateRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AuthenticateRequest.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.AuthenticateRequest();
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
                                    message.token = value;
                                else
                                    delete message.token;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.clusterId = value;
                                else
                                    delete message.clusterId;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.clusterName = value;
                                else
                                    delete message.clusterName;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.csr = value;
                                else
                                    delete message.csr;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.authEndpoint = value;
                                else
                                    delete message.authEndpoint;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if (!(message.pins && message.pins.length))
                                    message.pins = [];
                                message.pins.push(reader.stringVerify());
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                message.proof = $root.tideway.auth.v1.Proof.decode(reader, reader.size(), $undefined, _depth + 1, message.proof);
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

                return AuthenticateRequest;
            })();

            v1.Proof = (function() {

                /**
                 * Properties of a Proof.
                 * @typedef {Object} tideway.auth.v1.Proof.$Properties
                 * @property {Uint8Array|null} [publicKey] Proof publicKey
                 * @property {Uint8Array|null} [payload] Proof payload
                 * @property {Uint8Array|null} [signature] Proof signature
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Proof.
                 * @memberof tideway.auth.v1
                 * @interface IProof
                 * @augments tideway.auth.v1.Proof.$Properties
                 * @deprecated Use tideway.auth.v1.Proof.$Properties instead.
                 */

                /**
                 * Shape of a Proof.
                 * @typedef {tideway.auth.v1.Proof.$Properties} tideway.auth.v1.Proof.$Shape
                 */

                /**
                 * Constructs a new Proof.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a Proof.
                 * @constructor
                 * @param {tideway.auth.v1.Proof.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Proof = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Proof publicKey.
                 * @member {Uint8Array} publicKey
                 * @memberof tideway.auth.v1.Proof
                 * @instance
                 */
                Proof.prototype.publicKey = $util.newBuffer([]);

                /**
                 * Proof payload.
                 * @member {Uint8Array} payload
                 * @memberof tideway.auth.v1.Proof
                 * @instance
                 */
                Proof.prototype.payload = $util.newBuffer([]);

                /**
                 * Proof signature.
                 * @member {Uint8Array} signature
                 * @memberof tideway.auth.v1.Proof
                 * @instance
                 */
                Proof.prototype.signature = $util.newBuffer([]);

                /**
                 * Creates a new Proof instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.Proof
                 * @static
                 * @param {tideway.auth.v1.Proof.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.Proof} Proof instance
                 * @type {{
                 *   (properties: tideway.auth.v1.Proof.$Shape): tideway.auth.v1.Proof & tideway.auth.v1.Proof.$Shape;
                 *   (properties?: tideway.auth.v1.Proof.$Properties): tideway.auth.v1.Proof;
                 * }}
                 */
                Proof.create = function(properties) {
                    return new Proof(properties);
                };

                /**
                 * Encodes the specified Proof message. Does not implicitly {@link tideway.auth.v1.Proof.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.Proof
                 * @static
                 * @param {tideway.auth.v1.Proof.$Properties} message Proof message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Proof.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.publicKey != null && $Object.hasOwnProperty.call(message, "publicKey") && message.publicKey.length)
                        writer.uint32(/* id 1, wireType 2 =*/10).bytes(message.publicKey);
                    if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.payload);
                    if (message.signature != null && $Object.hasOwnProperty.call(message, "signature") && message.signature.length)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.signature);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Proof message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.Proof
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.Proof & tideway.auth.v1.Proof.$Shape} Proof
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Proof.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.Proof();
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
                                if ((value = reader.bytes()).length)
                                    message.publicKey = value;
                                else
                                    delete message.publicKey;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.payload = value;
                                else
                                    delete message.payload;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.signature = value;
                                else
                                    delete message.signature;
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

                return Proof;
            })();

            v1.AuthenticateResponse = (function() {

                /**
                 * Properties of an AuthenticateResponse.
                 * @typedef {Object} tideway.auth.v1.AuthenticateResponse.$Properties
                 * @property {string|null} [certificate] AuthenticateResponse certificate
                 * @property {string|null} [ca] AuthenticateResponse ca
                 * @property {string|null} [apiServer] AuthenticateResponse apiServer
                 * @property {string|null} [tenantNamespace] AuthenticateResponse tenantNamespace
                 * @property {string|null} [clusterId] AuthenticateResponse clusterId
                 * @property {string|null} [clusterName] AuthenticateResponse clusterName
                 * @property {string|null} [notBefore] AuthenticateResponse notBefore
                 * @property {string|null} [notAfter] AuthenticateResponse notAfter
                 * @property {string|null} [tenantUid] AuthenticateResponse tenantUid
                 * @property {string|null} [token] AuthenticateResponse token
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of an AuthenticateResponse.
                 * @memberof tideway.auth.v1
                 * @interface IAuthenticateResponse
                 * @augments tideway.auth.v1.AuthenticateResponse.$Properties
                 * @deprecated Use tideway.auth.v1.AuthenticateResponse.$Properties instead.
                 */

                /**
                 * Shape of an AuthenticateResponse.
                 * @typedef {tideway.auth.v1.AuthenticateResponse.$Properties} tideway.auth.v1.AuthenticateResponse.$Shape
                 */

                /**
                 * Constructs a new AuthenticateResponse.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents an AuthenticateResponse.
                 * @constructor
                 * @param {tideway.auth.v1.AuthenticateResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const AuthenticateResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * AuthenticateResponse certificate.
                 * @member {string} certificate
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.certificate = "";

                /**
                 * AuthenticateResponse ca.
                 * @member {string} ca
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.ca = "";

                /**
                 * AuthenticateResponse apiServer.
                 * @member {string} apiServer
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.apiServer = "";

                /**
                 * AuthenticateResponse tenantNamespace.
                 * @member {string} tenantNamespace
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.tenantNamespace = "";

                /**
                 * AuthenticateResponse clusterId.
                 * @member {string} clusterId
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.clusterId = "";

                /**
                 * AuthenticateResponse clusterName.
                 * @member {string} clusterName
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.clusterName = "";

                /**
                 * AuthenticateResponse notBefore.
                 * @member {string} notBefore
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.notBefore = "";

                /**
                 * AuthenticateResponse notAfter.
                 * @member {string} notAfter
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.notAfter = "";

                /**
                 * AuthenticateResponse tenantUid.
                 * @member {string} tenantUid
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.tenantUid = "";

                /**
                 * AuthenticateResponse token.
                 * @member {string} token
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @instance
                 */
                AuthenticateResponse.prototype.token = "";

                /**
                 * Creates a new AuthenticateResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @static
                 * @param {tideway.auth.v1.AuthenticateResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.AuthenticateResponse} AuthenticateResponse instance
                 * @type {{
                 *   (properties: tideway.auth.v1.AuthenticateResponse.$Shape): tideway.auth.v1.AuthenticateResponse & tideway.auth.v1.AuthenticateResponse.$Shape;
                 *   (properties?: tideway.auth.v1.AuthenticateResponse.$Properties): tideway.auth.v1.AuthenticateResponse;
                 * }}
                 */
                AuthenticateResponse.create = function(properties) {
                    return new AuthenticateResponse(properties);
                };

                /**
                 * Encodes the specified AuthenticateResponse message. Does not implicitly {@link tideway.auth.v1.AuthenticateResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @static
                 * @param {tideway.auth.v1.AuthenticateResponse.$Properties} message AuthenticateResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                AuthenticateResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.certificate != null && $Object.hasOwnProperty.call(message, "certificate") && message.certificate !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.certificate);
                    if (message.ca != null && $Object.hasOwnProperty.call(message, "ca") && message.ca !== "")
                        writer.uint32(/* id 2, wireType 2 =*/18).string(message.ca);
                    if (message.apiServer != null && $Object.hasOwnProperty.call(message, "apiServer") && message.apiServer !== "")
                        writer.uint32(/* id 3, wireType 2 =*/26).string(message.apiServer);
                    if (message.tenantNamespace != null && $Object.hasOwnProperty.call(message, "tenantNamespace") && message.tenantNamespace !== "")
                        writer.uint32(/* id 4, wireType 2 =*/34).string(message.tenantNamespace);
                    if (message.clusterId != null && $Object.hasOwnProperty.call(message, "clusterId") && message.clusterId !== "")
                        writer.uint32(/* id 5, wireType 2 =*/42).string(message.clusterId);
                    if (message.clusterName != null && $Object.hasOwnProperty.call(message, "clusterName") && message.clusterName !== "")
                        writer.uint32(/* id 6, wireType 2 =*/50).string(message.clusterName);
                    if (message.notBefore != null && $Object.hasOwnProperty.call(message, "notBefore") && message.notBefore !== "")
                        writer.uint32(/* id 7, wireType 2 =*/58).string(message.notBefore);
                    if (message.notAfter != null && $Object.hasOwnProperty.call(message, "notAfter") && message.notAfter !== "")
                        writer.uint32(/* id 8, wireType 2 =*/66).string(message.notAfter);
                    if (message.tenantUid != null && $Object.hasOwnProperty.call(message, "tenantUid") && message.tenantUid !== "")
                        writer.uint32(/* id 9, wireType 2 =*/74).string(message.tenantUid);
                    if (message.token != null && $Object.hasOwnProperty.call(message, "token") && message.token !== "")
                        writer.uint32(/* id 10, wireType 2 =*/82).string(message.token);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes an AuthenticateResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.AuthenticateResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.AuthenticateResponse & tideway.auth.v1.AuthenticateResponse.$Shape} AuthenticateResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                AuthenticateResponse.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.AuthenticateResponse();
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
                                    message.certificate = value;
                                else
                                    delete message.certificate;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.ca = value;
                                else
                                    delete message.ca;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.apiServer = value;
                                else
                                    delete message.apiServer;
                                continue;
                            }
                        case 4: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.tenantNamespace = value;
                                else
                                    delete message.tenantNamespace;
                                continue;
                            }
                        case 5: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.clusterId = value;
                                else
                                    delete message.clusterId;
                                continue;
                            }
                        case 6: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.clusterName = value;
                                else
                                    delete message.clusterName;
                                continue;
                            }
                        case 7: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.notBefore = value;
                                else
                                    delete message.notBefore;
                                continue;
                            }
                        case 8: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.notAfter = value;
                                else
                                    delete message.notAfter;
                                continue;
                            }
                        case 9: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.tenantUid = value;
                                else
                                    delete message.tenantUid;
                                continue;
                            }
                        case 10: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.stringVerify()).length)
                                    message.token = value;
                                else
                                    delete message.token;
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

                return AuthenticateResponse;
            })();

            v1.Signed = (function() {

                /**
                 * Properties of a Signed.
                 * @typedef {Object} tideway.auth.v1.Signed.$Properties
                 * @property {string|null} [certificate] Signed certificate
                 * @property {Uint8Array|null} [payload] Signed payload
                 * @property {Uint8Array|null} [signature] Signed signature
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a Signed.
                 * @memberof tideway.auth.v1
                 * @interface ISigned
                 * @augments tideway.auth.v1.Signed.$Properties
                 * @deprecated Use tideway.auth.v1.Signed.$Properties instead.
                 */

                /**
                 * Shape of a Signed.
                 * @typedef {tideway.auth.v1.Signed.$Properties} tideway.auth.v1.Signed.$Shape
                 */

                /**
                 * Constructs a new Signed.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a Signed.
                 * @constructor
                 * @param {tideway.auth.v1.Signed.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const Signed = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * Signed certificate.
                 * @member {string} certificate
                 * @memberof tideway.auth.v1.Signed
                 * @instance
                 */
                Signed.prototype.certificate = "";

                /**
                 * Signed payload.
                 * @member {Uint8Array} payload
                 * @memberof tideway.auth.v1.Signed
                 * @instance
                 */
                Signed.prototype.payload = $util.newBuffer([]);

                /**
                 * Signed signature.
                 * @member {Uint8Array} signature
                 * @memberof tideway.auth.v1.Signed
                 * @instance
                 */
                Signed.prototype.signature = $util.newBuffer([]);

                /**
                 * Creates a new Signed instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.Signed
                 * @static
                 * @param {tideway.auth.v1.Signed.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.Signed} Signed instance
                 * @type {{
                 *   (properties: tideway.auth.v1.Signed.$Shape): tideway.auth.v1.Signed & tideway.auth.v1.Signed.$Shape;
                 *   (properties?: tideway.auth.v1.Signed.$Properties): tideway.auth.v1.Signed;
                 * }}
                 */
                Signed.create = function(properties) {
                    return new Signed(properties);
                };

                /**
                 * Encodes the specified Signed message. Does not implicitly {@link tideway.auth.v1.Signed.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.Signed
                 * @static
                 * @param {tideway.auth.v1.Signed.$Properties} message Signed message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                Signed.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.certificate != null && $Object.hasOwnProperty.call(message, "certificate") && message.certificate !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.certificate);
                    if (message.payload != null && $Object.hasOwnProperty.call(message, "payload") && message.payload.length)
                        writer.uint32(/* id 2, wireType 2 =*/18).bytes(message.payload);
                    if (message.signature != null && $Object.hasOwnProperty.call(message, "signature") && message.signature.length)
                        writer.uint32(/* id 3, wireType 2 =*/26).bytes(message.signature);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a Signed message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.Signed
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.Signed & tideway.auth.v1.Signed.$Shape} Signed
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                Signed.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.Signed();
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
                                    message.certificate = value;
                                else
                                    delete message.certificate;
                                continue;
                            }
                        case 2: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.payload = value;
                                else
                                    delete message.payload;
                                continue;
                            }
                        case 3: {
                                if (wireType !== 2)
                                    break;
                                if ((value = reader.bytes()).length)
                                    message.signature = value;
                                else
                                    delete message.signature;
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

                return Signed;
            })();

            v1.ReleaseResponse = (function() {

                /**
                 * Properties of a ReleaseResponse.
                 * @typedef {Object} tideway.auth.v1.ReleaseResponse.$Properties
                 * @property {boolean|null} [released] ReleaseResponse released
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a ReleaseResponse.
                 * @memberof tideway.auth.v1
                 * @interface IReleaseResponse
                 * @augments tideway.auth.v1.ReleaseResponse.$Properties
                 * @deprecated Use tideway.auth.v1.ReleaseResponse.$Properties instead.
                 */

                /**
                 * Shape of a ReleaseResponse.
                 * @typedef {tideway.auth.v1.ReleaseResponse.$Properties} tideway.auth.v1.ReleaseResponse.$Shape
                 */

                /**
                 * Constructs a new ReleaseResponse.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a ReleaseResponse.
                 * @constructor
                 * @param {tideway.auth.v1.ReleaseResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const ReleaseResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * ReleaseResponse released.
                 * @member {boolean} released
                 * @memberof tideway.auth.v1.ReleaseResponse
                 * @instance
                 */
                ReleaseResponse.prototype.released = false;

                /**
                 * Creates a new ReleaseResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.ReleaseResponse
                 * @static
                 * @param {tideway.auth.v1.ReleaseResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.ReleaseResponse} ReleaseResponse instance
                 * @type {{
                 *   (properties: tideway.auth.v1.ReleaseResponse.$Shape): tideway.auth.v1.ReleaseResponse & tideway.auth.v1.ReleaseResponse.$Shape;
                 *   (properties?: tideway.auth.v1.ReleaseResponse.$Properties): tideway.auth.v1.ReleaseResponse;
                 * }}
                 */
                ReleaseResponse.create = function(properties) {
                    return new ReleaseResponse(properties);
                };

                /**
                 * Encodes the specified ReleaseResponse message. Does not implicitly {@link tideway.auth.v1.ReleaseResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.ReleaseResponse
                 * @static
                 * @param {tideway.auth.v1.ReleaseResponse.$Properties} message ReleaseResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                ReleaseResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.released != null && $Object.hasOwnProperty.call(message, "released") && message.released !== false)
                        writer.uint32(/* id 1, wireType 0 =*/8).bool(message.released);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a ReleaseResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.ReleaseResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.ReleaseResponse & tideway.auth.v1.ReleaseResponse.$Shape} ReleaseResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                ReleaseResponse.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.ReleaseResponse();
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
                                if (wireType !== 0)
                                    break;
                                if (value = reader.bool())
                                    message.released = value;
                                else
                                    delete message.released;
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

                return ReleaseResponse;
            })();

            v1.CheckPeeringRequest = (function() {

                /**
                 * Properties of a CheckPeeringRequest.
                 * @typedef {Object} tideway.auth.v1.CheckPeeringRequest.$Properties
                 * @property {string|null} [clusterId] CheckPeeringRequest clusterId
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a CheckPeeringRequest.
                 * @memberof tideway.auth.v1
                 * @interface ICheckPeeringRequest
                 * @augments tideway.auth.v1.CheckPeeringRequest.$Properties
                 * @deprecated Use tideway.auth.v1.CheckPeeringRequest.$Properties instead.
                 */

                /**
                 * Shape of a CheckPeeringRequest.
                 * @typedef {tideway.auth.v1.CheckPeeringRequest.$Properties} tideway.auth.v1.CheckPeeringRequest.$Shape
                 */

                /**
                 * Constructs a new CheckPeeringRequest.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a CheckPeeringRequest.
                 * @constructor
                 * @param {tideway.auth.v1.CheckPeeringRequest.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const CheckPeeringRequest = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * CheckPeeringRequest clusterId.
                 * @member {string} clusterId
                 * @memberof tideway.auth.v1.CheckPeeringRequest
                 * @instance
                 */
                CheckPeeringRequest.prototype.clusterId = "";

                /**
                 * Creates a new CheckPeeringRequest instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.CheckPeeringRequest
                 * @static
                 * @param {tideway.auth.v1.CheckPeeringRequest.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.CheckPeeringRequest} CheckPeeringRequest instance
                 * @type {{
                 *   (properties: tideway.auth.v1.CheckPeeringRequest.$Shape): tideway.auth.v1.CheckPeeringRequest & tideway.auth.v1.CheckPeeringRequest.$Shape;
                 *   (properties?: tideway.auth.v1.CheckPeeringRequest.$Properties): tideway.auth.v1.CheckPeeringRequest;
                 * }}
                 */
                CheckPeeringRequest.create = function(properties) {
                    return new CheckPeeringRequest(properties);
                };

                /**
                 * Encodes the specified CheckPeeringRequest message. Does not implicitly {@link tideway.auth.v1.CheckPeeringRequest.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.CheckPeeringRequest
                 * @static
                 * @param {tideway.auth.v1.CheckPeeringRequest.$Properties} message CheckPeeringRequest message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                CheckPeeringRequest.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.clusterId != null && $Object.hasOwnProperty.call(message, "clusterId") && message.clusterId !== "")
                        writer.uint32(/* id 1, wireType 2 =*/10).string(message.clusterId);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a CheckPeeringRequest message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.CheckPeeringRequest
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.CheckPeeringRequest & tideway.auth.v1.CheckPeeringRequest.$Shape} CheckPeeringRequest
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                CheckPeeringRequest.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.CheckPeeringRequest();
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
                                    message.clusterId = value;
                                else
                                    delete message.clusterId;
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

                return CheckPeeringRequest;
            })();

            /**
             * PeeringState enum.
             * @name tideway.auth.v1.PeeringState
             * @enum {number}
             * @property {number} PEERING_UNKNOWN=0 PEERING_UNKNOWN value
             * @property {number} PEERING_WANTED=1 PEERING_WANTED value
             * @property {number} PEERING_NOT_WANTED=2 PEERING_NOT_WANTED value
             */
            v1.PeeringState = (function() {
                const valuesById = $Object.create(null), values = $Object.create(valuesById);
                values[valuesById[0] = "PEERING_UNKNOWN"] = 0;
                values[valuesById[1] = "PEERING_WANTED"] = 1;
                values[valuesById[2] = "PEERING_NOT_WANTED"] = 2;
                return values;
            })();

            v1.CheckPeeringResponse = (function() {

                /**
                 * Properties of a CheckPeeringResponse.
                 * @typedef {Object} tideway.auth.v1.CheckPeeringResponse.$Properties
                 * @property {tideway.auth.v1.PeeringState|null} [state] CheckPeeringResponse state
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */

                /**
                 * Properties of a CheckPeeringResponse.
                 * @memberof tideway.auth.v1
                 * @interface ICheckPeeringResponse
                 * @augments tideway.auth.v1.CheckPeeringResponse.$Properties
                 * @deprecated Use tideway.auth.v1.CheckPeeringResponse.$Properties instead.
                 */

                /**
                 * Shape of a CheckPeeringResponse.
                 * @typedef {tideway.auth.v1.CheckPeeringResponse.$Properties} tideway.auth.v1.CheckPeeringResponse.$Shape
                 */

                /**
                 * Constructs a new CheckPeeringResponse.
                 * @memberof tideway.auth.v1
                 * @classdesc Represents a CheckPeeringResponse.
                 * @constructor
                 * @param {tideway.auth.v1.CheckPeeringResponse.$Properties=} [properties] Properties to set
                 * @property {Array.<Uint8Array>} [$unknowns] Unknown fields preserved while decoding when enabled
                 */
                const CheckPeeringResponse = function (properties) {
                    if (properties)
                        for (let keys = $Object.keys(properties), i = 0; i < keys.length; ++i)
                            if (properties[keys[i]] != null && keys[i] !== "__proto__")
                                this[keys[i]] = properties[keys[i]];
                };

                /**
                 * CheckPeeringResponse state.
                 * @member {tideway.auth.v1.PeeringState} state
                 * @memberof tideway.auth.v1.CheckPeeringResponse
                 * @instance
                 */
                CheckPeeringResponse.prototype.state = 0;

                /**
                 * Creates a new CheckPeeringResponse instance using the specified properties.
                 * @function create
                 * @memberof tideway.auth.v1.CheckPeeringResponse
                 * @static
                 * @param {tideway.auth.v1.CheckPeeringResponse.$Properties=} [properties] Properties to set
                 * @returns {tideway.auth.v1.CheckPeeringResponse} CheckPeeringResponse instance
                 * @type {{
                 *   (properties: tideway.auth.v1.CheckPeeringResponse.$Shape): tideway.auth.v1.CheckPeeringResponse & tideway.auth.v1.CheckPeeringResponse.$Shape;
                 *   (properties?: tideway.auth.v1.CheckPeeringResponse.$Properties): tideway.auth.v1.CheckPeeringResponse;
                 * }}
                 */
                CheckPeeringResponse.create = function(properties) {
                    return new CheckPeeringResponse(properties);
                };

                /**
                 * Encodes the specified CheckPeeringResponse message. Does not implicitly {@link tideway.auth.v1.CheckPeeringResponse.verify|verify} messages.
                 * @function encode
                 * @memberof tideway.auth.v1.CheckPeeringResponse
                 * @static
                 * @param {tideway.auth.v1.CheckPeeringResponse.$Properties} message CheckPeeringResponse message or plain object to encode
                 * @param {$protobuf.Writer} [writer] Writer to encode to
                 * @returns {$protobuf.Writer} Writer
                 */
                CheckPeeringResponse.encode = function (message, writer, _depth) {
                    if (!writer)
                        writer = $Writer.create();
                    if (_depth === $undefined)
                        _depth = 0;
                    if (_depth > $util.recursionLimit)
                        throw $Error("max depth exceeded");
                    if (message.state != null && $Object.hasOwnProperty.call(message, "state") && message.state !== 0)
                        writer.uint32(/* id 1, wireType 0 =*/8).int32(message.state);
                    if (message.$unknowns != null && $Object.hasOwnProperty.call(message, "$unknowns"))
                        for (let i = 0; i < message.$unknowns.length; ++i)
                            writer.raw(message.$unknowns[i]);
                    return writer;
                };

                /**
                 * Decodes a CheckPeeringResponse message from the specified reader or buffer.
                 * @function decode
                 * @memberof tideway.auth.v1.CheckPeeringResponse
                 * @static
                 * @param {$protobuf.Reader|Uint8Array} reader Reader or buffer to decode from
                 * @param {number} [length] Message length if known beforehand
                 * @returns {tideway.auth.v1.CheckPeeringResponse & tideway.auth.v1.CheckPeeringResponse.$Shape} CheckPeeringResponse
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                CheckPeeringResponse.decode = function (reader, length, _end, _depth, _target) {
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
                    message = _target || new $root.tideway.auth.v1.CheckPeeringResponse();
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
                                if (wireType !== 0)
                                    break;
                                if (value = reader.int32())
                                    message.state = value;
                                else
                                    delete message.state;
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

                return CheckPeeringResponse;
            })();

            return v1;
        })();

        return auth;
    })();

    return tideway;
})();

export {
  $root as default
};
