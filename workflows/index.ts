/** What enters the workflow bundle. */
export { holder } from './holder/holder';
export { quarantine } from './quarantine/quarantine';
export { task } from './task/task';
