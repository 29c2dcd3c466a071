"""Certificate authorities of a test's own, as grids have them: each certifies sites by their names."""
import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def name_of(organization, name):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
                      x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """`Authority(directory, "grid")`; its own certificate is `grid.pem` there."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name_of("Authorities", name)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(self.certify(self.name, self.key, is_authority=True))

    def certify(self, name, key, is_authority=False, address=None):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
                       .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                       .not_valid_after(now + datetime.timedelta(days=1))
                       .add_extension(x509.BasicConstraints(is_authority, None), critical=True))
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def site(self, organization, name):
        """The files with a site's certificate and with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        chain, own = self.directory / f"{name}.chain.pem", self.directory / f"{name}.key.pem"
        chain.write_bytes(self.certify(name_of(organization, name), key))
        own.touch(0o600)
        own.write_bytes(private(key))
        return chain, own

    def server(self, address):
        """A file with the certificate of a server at this address, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self.directory / f"{address}.server.pem"
        file.touch(0o600)
        file.write_bytes(self.certify(name_of("Servers", address), key, address=address) + private(key))
        return file


def private(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
