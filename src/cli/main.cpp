#include "cli/environment.hpp"
#include "cli/failure.hpp"
#include "cli/program.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    using namespace kith::cli; // NOLINT(google-build-using-namespace): the program is this layer
    try {
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        const Outcome outcome = run(arguments, read_environment());
        std::fputs(outcome.err.c_str(), stderr);
        std::fwrite(outcome.out.data(), 1, outcome.out.size(), stdout);
        if (std::fflush(stdout) != 0) {
            std::fputs("kith: cannot write to standard output\n", stderr);
            return kExitFailed;
        }
        return outcome.afterwards ? outcome.afterwards() : outcome.exit_code;
    } catch (const std::exception& error) {
        // Memory has run out, or a library broke its word; there is nothing better to say.
        std::fprintf(stderr, "kith: %s\n", error.what());
        return kExitFailed;
    }
}
