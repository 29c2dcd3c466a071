internal import COpenSSL

/// A certificate.
@safe final class Certificate {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }
    deinit { unsafe X509_free(pointer) }

    func belongs(to key: PrivateKey) -> Bool {
        defer { ERR_clear_error() }
        return unsafe X509_check_private_key(pointer, key.pointer) == 1
    }

    /// What is wrong with it today, as a clause; nil when nothing is.
    var complaint: String? {
        guard let begin = unsafe X509_get0_notBefore(pointer), let end = unsafe X509_get0_notAfter(pointer) else {
            return nil
        }
        if unsafe X509_cmp_current_time(end) < 0 { return "expired on \(unsafe day(end)); renew it" }
        if unsafe X509_cmp_current_time(begin) > 0 { return "is not valid before \(unsafe day(begin))" }
        return nil
    }

    private func day(_ time: UnsafePointer<ASN1_TIME>) -> String {
        let digits = String(unsafe orrery_day(time))
        return "\(digits.dropLast(4))-\(digits.dropLast(2).suffix(2))-\(digits.suffix(2))"
    }

    /// The host names it is for, in small letters: those of its list, or without a list its subject's common name.
    var names: [String] {
        guard let list = unsafe orrery_subject_names(pointer) else { return commonName.map { [$0] } ?? [] }
        defer { unsafe orrery_names_free(list) }
        return unsafe (0..<orrery_names_count(list)).compactMap { index in
            var count: CInt = 0
            guard let bytes = unsafe orrery_dns_name(list, index, &count) else { return nil }
            // The bytes are the list's, which is freed after this.
            return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
                .lowercased()
        }
    }

    private var commonName: String? {
        var text = [CChar](repeating: 0, count: 256)
        let subject = unsafe X509_get_subject_name(pointer)
        let count = unsafe X509_NAME_get_text_by_NID(subject, NID_commonName, &text, CInt(text.count))
        guard count > 0 else { return nil }
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    }
}
