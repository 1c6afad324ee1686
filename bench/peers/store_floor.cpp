// Record floors: libsodium sign/verify/hash, SQLite (WAL) inserts of 256-byte rows, and
// verify+hash+insert together.
#include "common.hpp"

#include <sqlite3.h>

#include <functional>
#include <sodium.h>

using namespace bench;

static double rate(double seconds, const std::function<void()>& f) {
    size_t n = 0;
    double t0 = now();
    while (now() - t0 < seconds) {
        for (int i = 0; i < 16; ++i)
            f();
        n += 16;
    }
    return static_cast<double>(n) / (now() - t0);
}

struct Db {
    sqlite3* db = nullptr;
    sqlite3_stmt* ins = nullptr;
    std::string path;
    const bool log; // append-only rowid table; else a 32-byte random key without rowid
    Db(const std::string& p, const char* sync, bool log_, int cache_mib) : path(p), log(log_) {
        for (const char* s : {"", "-wal", "-shm"})
            ::unlink((path + s).c_str());
        sqlite3_open(path.c_str(), &db);
        exec("PRAGMA journal_mode=WAL");
        exec((std::string("PRAGMA synchronous=") + sync).c_str());
        exec(("PRAGMA cache_size=-" + std::to_string(cache_mib * 1024)).c_str());
        exec(
            log ? "CREATE TABLE r(id INTEGER PRIMARY KEY, v BLOB)"
                : "CREATE TABLE r(id BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID");
        sqlite3_prepare_v2(
            db,
            log ? "INSERT INTO r(v) VALUES(?2)" : "INSERT OR REPLACE INTO r VALUES(?1,?2)",
            -1,
            &ins,
            nullptr);
    }
    void exec(const char* s) { sqlite3_exec(db, s, nullptr, nullptr, nullptr); }
    void put(const unsigned char* id, const unsigned char* v, int n) {
        if (!log) sqlite3_bind_blob(ins, 1, id, 32, SQLITE_STATIC);
        sqlite3_bind_blob(ins, 2, v, n, SQLITE_STATIC);
        sqlite3_step(ins);
        sqlite3_reset(ins);
    }
    ~Db() {
        sqlite3_finalize(ins);
        sqlite3_close(db);
        for (const char* s : {"", "-wal", "-shm"})
            ::unlink((path + s).c_str());
    }
};

int main(int argc, char** argv) {
    if (sodium_init() < 0) return 1;
    const std::string dir = arg(argc, argv, "--dir", ".");
    unsigned char pk[32], sk[64], sig[64], rec[256], id[32];
    crypto_sign_keypair(pk, sk);
    randombytes_buf(rec, sizeof rec);
    crypto_sign_detached(sig, nullptr, rec, sizeof rec, sk);
    std::printf(
        "{\"floor\":\"libsodium\",\"version\":\"%s\",\"ed25519_sign_s\":%.0f,\"ed25519_verify_s\":%"
        ".0f,\"blake2b256_256B_s\":%.0f,\"sha256_256B_s\":%.0f}\n",
        sodium_version_string(),
        rate(1.5, [&] { crypto_sign_detached(sig, nullptr, rec, sizeof rec, sk); }),
        rate(
            1.5,
            [&] {
                if (crypto_sign_verify_detached(sig, rec, sizeof rec, pk)) std::abort();
            }),
        rate(1, [&] { crypto_generichash(id, 32, rec, sizeof rec, nullptr, 0); }),
        rate(1, [&] { crypto_hash_sha256(id, rec, sizeof rec); }));
    for (bool log : {true, false})
        for (const char* sync : {"NORMAL", "FULL"})
            for (int batch : {1, 1000}) {
                Db d(dir + "/floor.db", sync, log, 64);
                size_t n = 0;
                double t0 = now();
                while (now() - t0 < 4) {
                    if (batch > 1) d.exec("BEGIN");
                    for (int i = 0; i < batch; ++i, ++n) {
                        randombytes_buf(id, sizeof id);
                        d.put(id, rec, sizeof rec);
                    }
                    if (batch > 1) d.exec("COMMIT");
                }
                std::printf(
                    "{\"floor\":\"sqlite_wal\",\"table\":\"%s\",\"synchronous\":\"%s\",\"rows_per_"
                    "tx\":%d,\"rows_per_s\":%.0f}\n",
                    log ? "append" : "random_key32",
                    sync,
                    batch,
                    static_cast<double>(n) / (now() - t0));
                std::fflush(stdout);
            }
    { // one thread: verify the signature, hash for the id, insert; batches of 1000
        Db d(dir + "/floor.db", "NORMAL", false, 64);
        size_t n = 0;
        double t0 = now();
        while (now() - t0 < 4) {
            d.exec("BEGIN");
            for (int i = 0; i < 1000; ++i, ++n) {
                if (crypto_sign_verify_detached(sig, rec, sizeof rec, pk)) std::abort();
                unsigned char in[264];
                std::memcpy(in, &n, 8);
                std::memcpy(in + 8, rec, 256);
                crypto_generichash(id, 32, in, sizeof in, nullptr, 0);
                d.put(id, rec, sizeof rec);
            }
            d.exec("COMMIT");
        }
        std::printf(
            "{\"floor\":\"verify_hash_insert_one_thread\",\"records_per_s\":%.0f}\n",
            static_cast<double>(n) / (now() - t0));
    }
}
