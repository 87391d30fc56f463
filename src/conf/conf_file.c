/* SPDX-License-Identifier: MIT */
#include "conf/conf_file.h"

#include "conf/conf_report.h"

#include <errno.h>

int conf_file_read(const char *path, bool may_be_missing, size_t limit, struct conf_regular *file,
                   struct conf_report *report)
{
    struct message error;
    int result = conf_regular_read(path, limit, file, &error);

    if (result == 0 || (result == -ENOENT && may_be_missing))
        return result;
    if (result == -EFBIG)
        message_set(&error, "is too large; allowed: at most %d bytes%s", CONF_FILE_MAX,
                    limit < CONF_FILE_MAX ? ", together with the files before it" : "");
    conf_error(report, 0, report->file, "%s", error.text);
    if (conf_report_is_temporary(-result))
        conf_report_temporary(report);
    return result;
}
