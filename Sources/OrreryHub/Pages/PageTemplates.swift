/// The files of `Templates/`, as SwiftPM embeds them: `login.mustache` becomes `PackageResources.login_mustache`.
enum PageTemplates {
    static var all: [(name: String, text: [UInt8])] {
        [
            ("account", PackageResources.account_mustache), ("claim", PackageResources.claim_mustache),
            ("cluster", PackageResources.cluster_mustache), ("clusters", PackageResources.clusters_mustache),
            ("device", PackageResources.device_mustache),
            ("error", PackageResources.error_mustache),
            ("forbidden", PackageResources.forbidden_mustache),
            ("home", PackageResources.home_mustache), ("invites", PackageResources.invites_mustache),
            ("layout", PackageResources.layout_mustache),
            ("login", PackageResources.login_mustache), ("logout", PackageResources.logout_mustache),
            ("notices", PackageResources.notices_mustache), ("profile", PackageResources.profile_mustache),
            ("onward", PackageResources.onward_mustache),
            ("progress", PackageResources.progress_mustache), ("session", PackageResources.session_mustache),
            ("stopped", PackageResources.stopped_mustache), ("token", PackageResources.token_mustache),
            ("tokens", PackageResources.tokens_mustache),
        ]
    }
}
