"""Ways to lead a server inside: addresses, answers of name servers, and redirects. All are refused."""
# ruff: noqa: RUF001 - letters that look like others are the point

# Refused as they stand, before any name is looked up.
ADDRESSES = [
    # loopback, plainly and in every spelling of a number
    "http://127.0.0.1/", "http://127.0.0.1:80/", "https://127.0.0.1:443/", "http://127.0.0.1:8080/admin",
    "http://127.1/", "http://127.0.1/", "http://127.255.255.254/", "http://2130706433/", "http://017700000001/",
    "http://0x7f000001/", "http://0x7f.1/", "http://0x7f.0.0.0x1/", "http://0177.0.0.1/", "http://0177.0.0.01/",
    "http://00000177.0.0.1/", "http://0X7F.0X0.0X0.0X1/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/",
    "http://0x/", "http://0.1.2.3/",
    # written with other letters, digits and dots
    "http://①②⑦.⓪.⓪.①/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://127．0．0．1/",
    "http://127｡0｡0｡1/", "http://%31%32%37.0.0.1/", "http://127%2e0%2e0%2e1/", "http://𝟙𝟚𝟟.0.0.1/",
    "http://ⓛocalhost/", "http://ＬＯＣＡＬＨＯＳＴ/", "http://%6cocalhost/",
    # private, shared, link-local, reserved, documentation, multicast
    "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/",
    "http://192.168.0.1/", "http://192.168.1.1:8080/", "http://3232235777/", "http://0xc0a80101/",
    "http://169.254.0.1/", "http://100.64.0.1/", "http://100.127.255.255/", "http://192.0.0.1/", "http://192.0.0.9/",
    "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.7/", "http://203.0.113.9/", "http://224.0.0.1/",
    "http://239.255.255.250/", "http://240.0.0.1/", "http://255.255.255.255/", "http://192.88.99.1/",
    # what clouds tell a machine about itself
    "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://169.16689662/", "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/latest/meta-data/", "http://168.63.129.16/", "http://192.0.0.192/",
    "http://metadata.google.internal/computeMetadata/v1/", "http://metadata/", "http://METADATA.GOOGLE.INTERNAL./",
    "http://metadata.goog/", "http://instance-data/latest/", "http://[fd00:ec2::254]/latest/",
    # IPv6, and IPv4 inside it
    "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::ffff:a9fe:a9fe]/", "http://[::ffff:10.0.0.1]/", "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b::168.63.129.16]/",
    "http://[64:ff9b:1::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/", "http://[2002:0a00:0001::]/", "http://[2001:0:7f00:1::1]/",
    "http://[2001:0000:4136:e378:8000:63bf:80ff:fffe]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/", "http://[::1%25lo]/", "http://[fc00::1]/", "http://[fd12:3456::1]/",
    "http://[fec0::1]/", "http://[ff02::1]/", "http://[ff0e::1]/", "http://[2001:db8::1]/", "http://[3fff::1]/",
    "http://[5f00::1]/", "http://[100::1]/", "http://[2606:4700::5efe:7f00:1]/", "http://[2606:4700::200:5efe:a00:1]/",
    # names of one's own network
    "http://localhost/", "http://localhost:8000/", "http://LOCALHOST./", "http://a.localhost/", "http://router/",
    "http://printer.local/", "http://db.internal/", "http://wiki.corp/", "http://nas.lan/", "http://x.home.arpa/",
    "http://localhost.localdomain/", "http://kubernetes.default.svc.cluster.local/", "http://intranet/",
    "http://hidden.onion/",
    # other schemes, and what is no address
    "file:///etc/passwd", "ftp://example.org/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/stats",
    "data:text/html,<p>x", "javascript:alert(1)", "ldap://127.0.0.1/", "jar:http://example.org!/", "ws://example.org/",
    "unix:///var/run/docker.sock", "http:", "http://", "http:///etc/passwd", "http:127.0.0.1", "http:/127.0.0.1/",
    "//127.0.0.1/", "", "http://?", "http://#",
    # user names, which hide the host
    "http://example.org@127.0.0.1/", "http://user:secret@example.org/", "http://@example.org/",
    "http://example.org:80@127.0.0.1/", "http://127.0.0.1#@example.org/", "http://example.org%40127.0.0.1/",
    "http://127.0.0.1:80\\@example.org/", "http://example.org\\@127.0.0.1/", "http://127.0.0.1;@example.org/",
    # hosts that two readers could understand differently
    "http://[::1]example.org/", "http://example.org[::1]/", "http://[127.0.0.1]/", "http://[example.org]/",
    "http://[::1/", "http://::1/", "http://example.org:80:22/", "http://exa mple.org/", "http://example.org\t.evil/",
    "http://127.0.0.1\n.example.org/", "http://example.org\r\nHost: evil/", "http://1.2.3.4.5/",
    "http://256.1.1.1/", "http://0x100000000/", "http://4294967296/", "http://a..example.org/", "http://.example.org/",
    "http://example.org../", "http://-example.org/", "http://exa%00mple.org/", "http://example.0x7f/",
    "http://example.127/", "http://exam%2fple.org/", "http://example.org%23.evil/", "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 130 + "org/", "http://example.org/" + "a" * 4000,
    # ports of other services
    "http://93.184.215.14:22/", "http://93.184.215.14:25/", "http://93.184.215.14:6379/", "http://example.org:0/",
    "http://example.org:22/", "http://example.org:11211/", "http://example.org:65536/", "http://example.org:99999/",
    "http://example.org:-1/", "http://example.org:+80/", "http://example.org:8o/", "https://example.org:5432/",
]  # fmt: skip

# A public name, and what its name server answers: one bad address among good ones is enough.
LOOKUPS = [
    ["127.0.0.1"], ["127.0.0.53"], ["0.0.0.0"], ["10.1.2.3"], ["172.20.0.2"], ["192.168.178.1"], ["169.254.169.254"],
    ["100.64.7.7"], ["100.100.100.200"], ["168.63.129.16"], ["198.19.0.1"], ["224.0.0.251"], ["255.255.255.255"],
    ["::1"], ["::"], ["::ffff:127.0.0.1"], ["::ffff:10.0.0.1"], ["::ffff:169.254.169.254"], ["fe80::1"],
    ["fe80::1%eth0"], ["2606:2800:21f:cb07::1%eth0"], ["64:ff9b::168.63.129.16"], ["fd00:ec2::254"], ["fc00::8"], ["fec0::1"], ["ff02::fb"], ["64:ff9b::a00:1"],
    ["64:ff9b::a9fe:a9fe"], ["64:ff9b:1::a00:1"], ["2002:c0a8:101::1"], ["2001:0:a00:1::1"], ["2001:db8::5"],
    ["::7f00:1"], ["2606:4700::5efe:a00:1"],
    ["93.184.215.14", "127.0.0.1"], ["10.0.0.1", "93.184.215.14"], ["2606:2800:21f:cb07::1", "::1"],
    ["93.184.215.14", "2606:2800:21f:cb07::1", "fe80::2"],
]  # fmt: skip

# Where a page that may be read leads next.
REDIRECTS = [
    "http://127.0.0.2/", "http://127.2/", "http://2130706434/", "//127.0.0.2/", "\\\\127.0.0.2\\", "/\\127.0.0.2",
    "http://127.0.0.1:22/", "http://127.0.0.1:25/", "http://10.0.0.1/", "http://192.168.1.1/cgi",
    "http://169.254.169.254/latest/meta-data/iam/", "http://[::1]/", "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[fd00:ec2::254]/",
    "http://metadata.google.internal/", "http://user@127.0.0.2/", "http://inside.example/", "http://both.example/",
    "file:///etc/passwd", "ftp://example.org/", "gopher://127.0.0.1/", "javascript:alert(1)", "data:text/plain,x",
    "http://93.184.215.14:22/", "http://[", "http://①②⑦.⓪.⓪.②/", "http://0x7f.2/",
    "HTTP://0251.0376.0251.0376/", "http://example.org:80\\@127.0.0.2/",
]  # fmt: skip

# What must stay readable, else refusing everything would pass.
READABLE = [
    ("http://example.org", "http://example.org/"),
    ("HTTPS://Example.ORG:443/A?b=c#d", "https://example.org/A?b=c"),
    ("http://example.org.:80/", "http://example.org/"),
    ("https://example.org:8443/x", "https://example.org:8443/x"),
    ("http://93.184.215.14/", "http://93.184.215.14/"),
    ("http://0x5d.184.0327.14/", "http://93.184.215.14/"),
    ("http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"),
    ("http://[::ffff:93.184.215.14]/", "http://93.184.215.14/"),
    ("http://[64:ff9b::5db8:d70e]/", "http://[64:ff9b::5db8:d70e]/"),
    ("https://straße.example/ä ö?q=ü&r=a+b%20c", "https://xn--strae-oqa.example/%C3%A4%20%C3%B6?q=%C3%BC&r=a+b%20c"),
    ("https://例え.jp/道", "https://xn--r8jz45g.jp/%E9%81%93"),
    ("https://a_b.example.org/", "https://a_b.example.org/"),
    ("https://example.org/a@b:c/(d)?e=[1]", "https://example.org/a@b:c/(d)?e=[1]"),
    ("https://example.org/a/../b/%2e%2e/c", "https://example.org/a/../b/%2e%2e/c"),
]  # fmt: skip
