// What surrounds the program: the environment variables that it heeds, and what its streams are
// connected to. Read once by `main`; everything else takes it as a value.

#pragma once

#include <cstddef>
#include <string>

namespace kith::cli {

struct Environment {
    std::string kith_api;        // $KITH_API
    std::string xdg_runtime_dir; // $XDG_RUNTIME_DIR
    std::string xdg_data_home;   // $XDG_DATA_HOME
    std::string home;            // $HOME
    std::string user;            // $USER, else the name of the account
    bool no_color = false;       // $NO_COLOR is set and not empty (no-color.org)
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    /// Width of the terminal at standard output in columns; 0 where there is none.
    std::size_t out_columns = 0;
    /// Where secrets and confirmations are asked for.
    std::string terminal_path = "/dev/tty";
};

/// The surroundings of this process. A terminal that cannot move its cursor (`TERM=dumb`) counts as
/// none for colours and progress.
Environment read_environment();

} // namespace kith::cli
