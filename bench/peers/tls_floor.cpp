// TLS 1.3 handshakes/s with OpenSSL, client and server in one thread over a memory pipe (so: both
// sides on one core), and over a loopback TCP connection each. Certificates: self-signed, of the
// given key type; mutual or server only.
#include "common.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <thread>

using namespace bench;

static EVP_PKEY* make_key(const std::string& type) {
    if (type == "ed25519") return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    if (type == "rsa2048")
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<size_t>(2048));
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
}
static X509* make_cert(EVP_PKEY* k, const EVP_MD* md) {
    X509* x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, k);
    X509_NAME* nm = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(
        nm, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("peer"), -1, -1, 0);
    X509_set_issuer_name(x, nm);
    X509_sign(x, k, md);
    return x;
}
static SSL_CTX* make_ctx(const std::string& type, bool mutual) {
    SSL_CTX* c = SSL_CTX_new(TLS_method());
    SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(c, 0);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    EVP_PKEY* k = make_key(type);
    X509* x = make_cert(k, type == "ed25519" ? nullptr : EVP_sha256());
    SSL_CTX_use_certificate(c, x);
    SSL_CTX_use_PrivateKey(c, k);
    if (mutual)
        SSL_CTX_set_verify(
            c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, [](int, X509_STORE_CTX*) {
                return 1;
            });
    return c;
}

static void memory_pipe(const std::string& type, bool mutual, double seconds) {
    SSL_CTX* ctx = make_ctx(type, mutual);
    int n = 0;
    double t0 = now();
    while (now() - t0 < seconds) {
        SSL *c = SSL_new(ctx), *s = SSL_new(ctx);
        BIO *cb, *sb;
        BIO_new_bio_pair(&cb, 0, &sb, 0);
        SSL_set_bio(c, cb, cb);
        SSL_set_bio(s, sb, sb);
        SSL_set_connect_state(c);
        SSL_set_accept_state(s);
        bool cd = false, sd = false;
        for (int i = 0; i < 20 && !(cd && sd); ++i) {
            if (!cd) cd = SSL_do_handshake(c) == 1;
            if (!sd) sd = SSL_do_handshake(s) == 1;
        }
        if (!cd || !sd) {
            std::puts("handshake failed");
            std::exit(1);
        }
        ++n;
        SSL_free(c);
        SSL_free(s);
    }
    std::printf(
        "{\"floor\":\"tls13_memory\",\"key\":\"%s\",\"mutual\":%d,\"handshakes_per_s_both_sides_"
        "one_core\":%.0f}\n",
        type.c_str(),
        mutual,
        n / (now() - t0));
    SSL_CTX_free(ctx);
}

static void loopback(const std::string& type, bool mutual, double seconds) {
    SSL_CTX* ctx = make_ctx(type, mutual);
    int l = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t al = sizeof a;
    bind(l, reinterpret_cast<sockaddr*>(&a), al);
    listen(l, 64);
    getsockname(l, reinterpret_cast<sockaddr*>(&a), &al);
    std::thread server([&] {
        for (;;) {
            int fd = accept(l, nullptr, nullptr);
            if (fd < 0) return;
            SSL* s = SSL_new(ctx);
            SSL_set_fd(s, fd);
            if (SSL_accept(s) == 1) (void)SSL_write(s, "x", 1);
            SSL_free(s);
            close(fd);
        }
    });
    std::vector<double> us;
    double t0 = now();
    while (now() - t0 < seconds) {
        double t = now();
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        connect(fd, reinterpret_cast<sockaddr*>(&a), al);
        linger lg{1, 0}; // reset on close: no TIME_WAIT pile
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &lg, sizeof lg);
        SSL* s = SSL_new(ctx);
        SSL_set_fd(s, fd);
        char ch;
        if (SSL_connect(s) == 1 && SSL_read(s, &ch, 1) == 1) us.push_back((now() - t) * 1e6);
        SSL_free(s);
        close(fd);
    }
    double dt = now() - t0;
    shutdown(l, SHUT_RDWR);
    close(l);
    server.join();
    std::printf(
        "{\"floor\":\"tls13_loopback\",\"key\":\"%s\",\"mutual\":%d,\"us\":[%.0f,%.0f,%.0f],\"per_"
        "s_one_at_a_time\":%.0f}\n",
        type.c_str(),
        mutual,
        pct(us, .5),
        pct(us, .95),
        pct(us, .99),
        us.size() / dt);
    SSL_CTX_free(ctx);
}

int main() {
    for (const char* k : {"p256", "ed25519", "rsa2048"})
        for (bool m : {false, true})
            memory_pipe(k, m, 2);
    for (const char* k : {"p256", "ed25519"})
        loopback(k, true, 2);
}
