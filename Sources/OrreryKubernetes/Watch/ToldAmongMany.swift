internal import FoundationEssentials

extension CodingUserInfoKey {
    /// Set while an object is read that was not asked for by its name: in a list, or in a watch.
    static var toldAmongMany: CodingUserInfoKey {
        guard let key = CodingUserInfoKey(rawValue: "orrery.toldAmongMany") else {
            preconditionFailure("any text may be a key of what decoders are told")
        }
        return key
    }
}

extension JSONDecoder {
    /// For objects in lists and watches.
    static var amongMany: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.userInfo[.toldAmongMany] = true
        return decoder
    }
}
