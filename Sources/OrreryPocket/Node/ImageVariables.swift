internal import OrreryModel

/// What an image says about the processes started from it, as an image's own configuration would.
enum ImageVariables {
    static func variables(of content: PocketConfiguration.Image.Content) -> [String: String] {
        switch content {
        case .environment(let path):
            ["PATH": "\(path)/bin:/usr/local/bin:/usr/bin:/bin", "VIRTUAL_ENV": path, "LANG": "C.UTF-8"]
        case .root: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        }
    }

    /// The accounts that an environment has when its pod brings none.
    static let accounts = """
        root:x:0:0:root:/root:/bin/sh
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin

        """

    static let groups = """
        root:x:0:
        nogroup:x:65534:

        """

    /// The home of `user` in the account file that the container will see, `/` when it has none.
    static func home(
        of user: UInt32, accounts file: String?, _ content: PocketConfiguration.Image.Content
    ) -> String {
        let lines: String
        if let file {
            lines = String(decoding: (try? FileBytes.read(file)) ?? [], as: UTF8.self)
        } else if case .root(let root) = content {
            lines = String(decoding: (try? FileBytes.read("\(root)/etc/passwd")) ?? [], as: UTF8.self)
        } else {
            lines = accounts
        }
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 5, fields[2] == "\(user)" { return String(fields[5]) }
        }
        return user == 0 ? "/root" : "/"
    }
}
