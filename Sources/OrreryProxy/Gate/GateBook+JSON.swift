internal import FoundationEssentials
internal import OrreryCrypto
internal import OrreryModel

extension GateBook {
    /// Sets what an object says, `{"keys": [{"id": …, "key": …}], "login": …}`: the body of `PUT /api/gate-keys` and the
    /// hub's line in its feed. The reason why it cannot be, otherwise; nothing is changed then.
    func set(_ object: [String: JSON]) -> String? {
        guard let listed = object["keys"]?.array, let keys = GateKeys(listed.compactMap(Self.key)),
            keys.keys.count == listed.count
        else {
            return "'keys' are 1 to \(GateKeys.limit) of {\"id\": number, \"key\": 32 bytes in base64}"
        }
        guard let login = object["login"]?.string, set(keys: keys, login: login) else {
            return "'login' is the address of the hub's page for tickets, without a query"
        }
        return nil
    }

    private static func key(_ value: JSON) -> GateKey? {
        guard let number = value["id"]?.integer, let id = UInt32(exactly: number), let text = value["key"]?.string,
            let bytes = Data(base64Encoded: text)
        else { return nil }
        return GateKey(id: id, bytes: Array(bytes))
    }
}
