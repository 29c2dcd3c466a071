extension Migration {
    /// Who did what. Records are added at the end and never changed; old ones go only after it was written down in
    /// `audit_removed` up to which. The triggers are SQLite's: they keep out mistakes and other programs, and the marks
    /// show whoever takes them away. `audit` does not refer to `person`, since it outlives people.
    static let audit = Migration(
        number: 10, name: "audit",
        sql: """
            CREATE TABLE audit (
                number BIGINT PRIMARY KEY CHECK (number > 0),
                at BIGINT NOT NULL,
                act TEXT NOT NULL,
                person BIGINT,
                name TEXT,
                issuer TEXT,
                subject TEXT,
                ordered_by TEXT,
                address TEXT,
                cluster TEXT,
                object TEXT,
                why TEXT,
                request TEXT,
                mark BYTEA NOT NULL CHECK (length(mark) = 32)
            );
            CREATE INDEX audit_at ON audit (at);
            CREATE INDEX audit_name ON audit (name);
            CREATE TABLE audit_removed (
                last BIGINT PRIMARY KEY,
                mark BYTEA NOT NULL CHECK (length(mark) = 32),
                at BIGINT NOT NULL
            );
            CREATE TABLE audit_key (
                number BIGINT PRIMARY KEY CHECK (number = 1),
                sealed BYTEA NOT NULL
            );
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
                BEGIN SELECT RAISE(ABORT, 'a record of the audit log is never changed'); END;
            CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
                WHEN NEW.number <= (SELECT coalesce(max(number), 0) FROM audit)
                BEGIN SELECT RAISE(ABORT, 'a record of the audit log is added at its end'); END;
            CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
                WHEN OLD.number > (SELECT coalesce(max(last), 0) FROM audit_removed)
                BEGIN SELECT RAISE(ABORT, 'a record of the audit log is not removed'); END;
            CREATE TRIGGER audit_removed_is_not_changed BEFORE UPDATE ON audit_removed
                BEGIN SELECT RAISE(ABORT, 'what was removed from the audit log is not changed'); END;
            CREATE TRIGGER audit_removed_is_not_removed BEFORE DELETE ON audit_removed
                BEGIN SELECT RAISE(ABORT, 'what was removed from the audit log is not forgotten'); END;
            """)
}
