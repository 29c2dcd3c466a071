// All of this module is inlined from its header; a target needs a file to compile.
#include "CScan.h"
